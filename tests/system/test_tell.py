"""`duotui tell` as a user runs it: its output and its exit status."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.scripted_model import write_scripted_model

DUOTUI = [sys.executable, "-m", "duotui"]
STORY_PIECES = [b" once", b" upon", b" a", b" time,", "🙂".encode(), b" there", b" was\n"]


@pytest.fixture(scope="module")
def board_options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options for a simulated Duo that generates STORY_PIECES for a long time."""
    model, tokenizer = write_scripted_model(
        tmp_path_factory.mktemp("scripted"), STORY_PIECES, 500_000
    )
    return ["--port", "sim", "--model", str(model), "--tokenizer", str(tokenizer)]


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DUOTUI, *arguments], input=stdin, capture_output=True, text=True, timeout=60
    )


def one_line(result: subprocess.CompletedProcess[str], status: int) -> str:
    assert result.returncode == status, result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("duotui: ")
    assert result.stdout == ""
    return result.stderr


def test_the_story_is_on_stdout_and_the_numbers_on_stderr(board_options: list[str]) -> None:
    result = run("tell", *board_options, "-t", "0", "-n", "7", "")
    assert result.returncode == 0
    assert result.stdout == "once upon a time,🙂 there was\n"
    assert "7 tokens" in result.stderr
    assert "tok/s by the board's clock" in result.stderr
    assert "major faults" in result.stderr


def test_a_board_without_a_voice_has_told_all_the_same(board_options: list[str]) -> None:
    result = run("tell", *board_options, "--speak", "-t", "0", "-n", "7", "")
    assert result.returncode == 6
    assert result.stdout == "once upon a time,🙂 there was\n"
    assert result.stderr.endswith("duotui: this board has no voice; duotui doctor says why\n")


def test_json_is_one_object_with_everything(board_options: list[str]) -> None:
    result = run("tell", *board_options, "--json", "--check", "-t", "0", "-n", "20", "-s", "5", "")
    summary = json.loads(result.stdout)
    assert summary["story"].startswith("once upon a time,🙂")
    assert (len(summary["ids"]), summary["seed"], summary["identical"]) == (20, 5, True)
    assert summary["compared"] == 20
    assert all(0 < p <= 1 for p in summary["probabilities"])


def test_ids_are_those_of_the_engine_itself(board_options: list[str], tmp_path: Path) -> None:
    from duotui.targets.engine_binary import find_engine

    ours, engines = tmp_path / "ours", tmp_path / "engines"
    settings = ["-t", "0.7", "-p", "0.5", "-s", "9", "-n", "50"]
    assert run("tell", *board_options, *settings, "--ids", str(ours), "time").returncode == 0
    model, tokenizer = board_options[3], board_options[5]
    subprocess.run(
        [find_engine(), model, "-z", tokenizer, *settings, "-i", "time", "--ids", engines],
        check=True,
        capture_output=True,
    )
    assert ours.read_text() == engines.read_text()


def test_a_recording_is_replayed_as_text_without_a_terminal(
    board_options: list[str], tmp_path: Path
) -> None:
    file = str(tmp_path / "r.jsonl")
    story = run("tell", *board_options, "-t", "0", "-n", "9", "--record", file, "")
    again = run("replay", file)
    assert again.returncode == 0
    assert again.stdout.rstrip("\n") == story.stdout.rstrip("\n")


def started(arguments: list[str]) -> subprocess.Popen[str]:
    """Start a `tell`, and wait for its first output."""
    process = subprocess.Popen(
        [*DUOTUI, "tell", *arguments, "-t", "0", "-n", "0", ""],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.read(9) == "once upon"
    return process


def engines_of(parent: int) -> list[int]:
    """Engine processes that are children of `parent`."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue
        if f"\nPPid:\t{parent}\n" in status and status.startswith("Name:\tduollama\n"):
            pids.append(int(folder.name))
    return pids


def is_the_story(text: str) -> bool:
    """True if `text` is a prefix of the scripted model's story."""
    text = text.rstrip("\n")
    story = b"".join(STORY_PIECES[n % len(STORY_PIECES)] for n in range(len(text) + 1)).decode()[1:]
    return story.startswith(text)


def test_a_killed_engine_is_said_and_the_story_goes_on(board_options: list[str]) -> None:
    process = started(board_options)
    (engine,) = engines_of(process.pid)
    os.kill(engine, signal.SIGKILL)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        assert process.stderr.readline() == (
            "duotui: the engine was killed (signal 9, SIGKILL); waiting for it\n"
        )
        assert process.stderr.readline() == "duotui: it is back\n"
        before = process.stdout.read(70_000)  # more than a pipe holds: generation goes on
        process.send_signal(signal.SIGINT)
        # No communicate(): it would miss the bytes that read() has buffered.
        out, err = before + process.stdout.read(), process.stderr.read()
    assert process.wait(20) == 9
    assert is_the_story("once upon" + out)
    count = int(err.split(" tokens", 1)[0])
    assert len(out) > count


def test_an_engine_that_cannot_come_back_is_said_and_what_was_told_is_kept(
    board_options: list[str], tmp_path: Path
) -> None:
    own = list(board_options)
    own[3] = str(shutil.copy(board_options[3], tmp_path))
    process = started(own)
    (engine,) = engines_of(process.pid)
    Path(own[3]).unlink()
    os.kill(engine, signal.SIGKILL)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        out, err = process.stdout.read(), process.stderr.read()
    assert process.wait(20) == 2
    assert "No such file" in err.splitlines()[-1]
    assert is_the_story("once upon" + out)


def test_an_engine_that_is_stopped_by_ctrl_c_leaves_nothing_behind(
    board_options: list[str],
) -> None:
    process = started(board_options)
    (engine,) = engines_of(process.pid)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 9
    assert not Path(f"/proc/{engine}").exists()


def test_a_closed_pipe_ends_the_story(board_options: list[str]) -> None:
    process = started(board_options)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        errors = process.stderr.read()
    assert process.wait(20) == 1
    assert errors.splitlines()[-1].startswith("duotui: stdout was closed")
    assert "Traceback" not in errors


def test_a_full_disk_is_said_in_one_line(board_options: list[str]) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*DUOTUI, "tell", *board_options, "-n", "9", ""], stdout=full, stderr=subprocess.PIPE
        )
    assert result.returncode == 1
    assert result.stderr.count(b"\n") == 1
    assert b"No space left" in result.stderr


def test_a_killed_duotui_leaves_no_engine_behind(board_options: list[str]) -> None:
    process = started(board_options)
    (engine,) = engines_of(process.pid)
    watched = os.pidfd_open(engine)
    process.kill()
    process.communicate(timeout=20)
    assert select.select([watched], [], [], 10)[0], "the engine is still there"
    os.close(watched)


def test_another_vocabulary_is_refused(board_options: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "t.bin"
    bad.write_bytes(b"\x05\0\0\0")
    message = one_line(run("tell", *board_options[:4], "--tokenizer", str(bad), "x"), 2)
    assert "t.bin" in message


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--temperature", "nan"], 2),
        (["-t", "-1"], 2),
        (["-t", "inf"], 2),
        (["-p", "1.5"], 2),
        (["-p", "-0.1"], 2),
        (["-n", "-1"], 2),
        (["-n", "99999999999"], 2),
        (["-s", "-5"], 2),
        (["-s", "x"], 2),
        (["--mode", "sideways"], 2),
        (["--bogus"], 2),
        (["one", "two"], 2),
        (["--port", "/dev/ttyACM999"], 3),
        (["--port", "/etc/passwd"], 2),
        (["--port", "socket://127.0.0.1:1"], 3),
        (["--port", "what://ever"], 2),
        (["--port", "auto"], 3),
        (["--port", "sim", "--model", "/nonexistent.bin"], 2),
        (["--port", "sim", "--model", "/"], 2),
        (["--port", "sim", "--model", "/dev/null"], 2),
        (["--port", "sim", "--ids", "/nonexistent/ids"], 2),
        (["--port", "sim", "--record", "/nonexistent/r"], 2),
    ],
)
def test_bad_input_is_one_line_and_a_status(arguments: list[str], status: int) -> None:
    one_line(run("tell", *arguments), status)


def test_a_prompt_that_is_not_utf8_is_refused(board_options: list[str]) -> None:
    result = subprocess.run(
        [*DUOTUI, "tell", *board_options, b"\xff\xfe"], capture_output=True, timeout=60
    )
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert b"UTF-8" in result.stderr


def test_a_prompt_longer_than_the_context_is_refused(tmp_path: Path) -> None:
    model, tokenizer = write_scripted_model(tmp_path, STORY_PIECES, 16)
    files = ["--port", "sim", "--model", str(model), "--tokenizer", str(tokenizer)]
    message = one_line(run("tell", *files, "word " * 40), 2)
    assert "at most 16" in message


@pytest.mark.parametrize("speed", ["-1", "nan", "inf", "x"])
def test_a_bad_speed_is_refused(speed: str) -> None:
    one_line(run("replay", "x", f"--speed={speed}"), 2)


def test_the_console_says_that_it_needs_a_terminal() -> None:
    assert "duotui tell" in one_line(run("sim"), 2)


def test_version_and_devices() -> None:
    assert run("--version").stdout == "duotui 0.1.0\n"
    assert run("devices").stdout.splitlines()[-1].startswith("sim")
    assert json.loads(run("devices", "--json").stdout)[-1]["kind"] == "sim"


def test_packs_and_looks(tmp_path: Path) -> None:
    packed = tmp_path / "scripted.duo"
    model, tokenizer = write_scripted_model(tmp_path, STORY_PIECES, 100)
    result = run("pack", str(model), "--tokenizer", str(tokenizer), "-o", str(packed))
    assert (result.returncode, result.stdout) == (0, f"{packed}\n"), result.stderr
    assert "for mode exact and fast" in run("inspect", str(packed)).stdout
    story = run("tell", "--port", "sim", "--model", str(packed), "-t", "0", "-n", "7", "")
    assert story.stdout == "once upon a time,🙂 there was\n"
    one_line(run("pack", str(packed)), 2)
    one_line(run("inspect", str(model)), 2)


def test_the_usual_mode_is_exact_and_a_model_without_it_generates_all_the_same(
    board_options: list[str], tmp_path: Path
) -> None:
    assert "; exact, seed 123" in run("tell", *board_options, "-n", "7", "").stderr
    packed = tmp_path / "fast.duo"
    model, tokenizer = write_scripted_model(tmp_path, STORY_PIECES, 100)
    run("pack", str(model), "--tokenizer", str(tokenizer), "--modes", "fast", "-o", str(packed))
    fast = ["--port", "sim", "--model", str(packed), "-t", "0", "-n", "7", ""]
    story = run("tell", *fast)
    assert (story.returncode, story.stdout) == (0, "once upon a time,🙂 there was\n")
    assert "this model has no mode exact; fast tells instead" in story.stderr
    assert "; fast, seed" in story.stderr
    refused = run("tell", "--mode", "exact", *fast)
    assert (refused.returncode, refused.stdout) != (0, story.stdout)
    assert "packed without that mode" in refused.stderr
