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

from support.scripted_model import write_parrot

DUOTUI = [sys.executable, "-m", "duotui"]
WORDS = [b" once", b" upon", b" a", b" time,", "🙂".encode(), b" there", b" was\n"]


@pytest.fixture(scope="module")
def parrot(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options for a simulated Duo that generates WORDS for a long time."""
    model, tokenizer = write_parrot(tmp_path_factory.mktemp("parrot"), WORDS, 500_000)
    return ["--port", "sim", "--model", str(model), "--tokenizer", str(tokenizer)]


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DUOTUI, *arguments], input=stdin, capture_output=True, text=True, timeout=60
    )


def one_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("duotui: ")
    assert done.stdout == ""
    return done.stderr


def test_the_story_is_on_stdout_and_the_numbers_on_stderr(parrot: list[str]) -> None:
    done = run("tell", *parrot, "-t", "0", "-n", "7", "")
    assert done.returncode == 0
    assert done.stdout == "once upon a time,🙂 there was\n"
    assert "7 tokens" in done.stderr
    assert "tok/s by the board's clock" in done.stderr
    assert "major faults" in done.stderr


def test_a_board_without_a_voice_has_told_all_the_same(parrot: list[str]) -> None:
    done = run("tell", *parrot, "--speak", "-t", "0", "-n", "7", "")
    assert done.returncode == 6
    assert done.stdout == "once upon a time,🙂 there was\n"
    assert done.stderr.endswith("duotui: this board has no voice; duotui doctor says why\n")


def test_json_is_one_object_with_everything(parrot: list[str]) -> None:
    done = run("tell", *parrot, "--json", "--check", "-t", "0", "-n", "20", "-s", "5", "")
    told = json.loads(done.stdout)
    assert told["story"].startswith("once upon a time,🙂")
    assert (len(told["ids"]), told["seed"], told["identical"]) == (20, 5, True)
    assert told["compared"] == 20
    assert all(0 < p <= 1 for p in told["probabilities"])


def test_ids_are_those_of_the_engine_itself(parrot: list[str], tmp_path: Path) -> None:
    from duotui.targets.engine_binary import find_engine

    ours, engines = tmp_path / "ours", tmp_path / "engines"
    settings = ["-t", "0.7", "-p", "0.5", "-s", "9", "-n", "50"]
    assert run("tell", *parrot, *settings, "--ids", str(ours), "time").returncode == 0
    model, tokenizer = parrot[3], parrot[5]
    subprocess.run(
        [find_engine(), model, "-z", tokenizer, *settings, "-i", "time", "--ids", engines],
        check=True,
        capture_output=True,
    )
    assert ours.read_text() == engines.read_text()


def test_a_recording_is_replayed_as_text_without_a_terminal(
    parrot: list[str], tmp_path: Path
) -> None:
    file = str(tmp_path / "r.jsonl")
    told = run("tell", *parrot, "-t", "0", "-n", "9", "--record", file, "")
    again = run("replay", file)
    assert again.returncode == 0
    assert again.stdout.rstrip("\n") == told.stdout.rstrip("\n")


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
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue
        if f"\nPPid:\t{parent}\n" in status and status.startswith("Name:\tduollama\n"):
            found.append(int(folder.name))
    return found


def is_the_story(text: str) -> bool:
    """True if `text` is a prefix of the scripted model's story."""
    text = text.rstrip("\n")
    story = b"".join(WORDS[n % len(WORDS)] for n in range(len(text) + 1)).decode()[1:]
    return story.startswith(text)


def test_a_killed_engine_is_said_and_the_story_goes_on(parrot: list[str]) -> None:
    process = started(parrot)
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
    told = int(err.split(" tokens", 1)[0])
    assert len(out) > told


def test_an_engine_that_cannot_come_back_is_said_and_what_was_told_is_kept(
    parrot: list[str], tmp_path: Path
) -> None:
    own = list(parrot)
    own[3] = str(shutil.copy(parrot[3], tmp_path))
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


def test_an_engine_that_is_stopped_by_ctrl_c_leaves_nothing_behind(parrot: list[str]) -> None:
    process = started(parrot)
    (engine,) = engines_of(process.pid)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 9
    assert not Path(f"/proc/{engine}").exists()


def test_a_reader_that_goes_away_ends_the_story(parrot: list[str]) -> None:
    process = started(parrot)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read()
    assert process.wait(20) == 1
    assert said.splitlines()[-1].startswith("duotui: stdout was closed")
    assert "Traceback" not in said


def test_a_full_disk_is_said_in_one_line(parrot: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*DUOTUI, "tell", *parrot, "-n", "9", ""], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"No space left" in done.stderr


def test_a_killed_duotui_leaves_no_engine_behind(parrot: list[str]) -> None:
    process = started(parrot)
    (engine,) = engines_of(process.pid)
    watched = os.pidfd_open(engine)
    process.kill()
    process.communicate(timeout=20)
    assert select.select([watched], [], [], 10)[0], "the engine is still there"
    os.close(watched)


def test_another_vocabulary_is_refused(parrot: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "t.bin"
    bad.write_bytes(b"\x05\0\0\0")
    said = one_line(run("tell", *parrot[:4], "--tokenizer", str(bad), "x"), 2)
    assert "t.bin" in said


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


def test_a_prompt_that_is_not_utf8_is_refused(parrot: list[str]) -> None:
    done = subprocess.run([*DUOTUI, "tell", *parrot, b"\xff\xfe"], capture_output=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"UTF-8" in done.stderr


def test_a_prompt_longer_than_the_context_is_refused(tmp_path: Path) -> None:
    model, tokenizer = write_parrot(tmp_path, WORDS, 16)
    files = ["--port", "sim", "--model", str(model), "--tokenizer", str(tokenizer)]
    said = one_line(run("tell", *files, "word " * 40), 2)
    assert "at most 16" in said


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
    packed = tmp_path / "parrot.duo"
    model, tokenizer = write_parrot(tmp_path, WORDS, 100)
    done = run("pack", str(model), "--tokenizer", str(tokenizer), "-o", str(packed))
    assert (done.returncode, done.stdout) == (0, f"{packed}\n"), done.stderr
    assert "for mode exact and fast" in run("inspect", str(packed)).stdout
    told = run("tell", "--port", "sim", "--model", str(packed), "-t", "0", "-n", "7", "")
    assert told.stdout == "once upon a time,🙂 there was\n"
    one_line(run("pack", str(packed)), 2)
    one_line(run("inspect", str(model)), 2)


def test_the_usual_mode_is_exact_and_a_model_without_it_is_told_from_all_the_same(
    parrot: list[str], tmp_path: Path
) -> None:
    assert "; exact, seed 123" in run("tell", *parrot, "-n", "7", "").stderr
    packed = tmp_path / "fast.duo"
    model, tokenizer = write_parrot(tmp_path, WORDS, 100)
    run("pack", str(model), "--tokenizer", str(tokenizer), "--modes", "fast", "-o", str(packed))
    fast = ["--port", "sim", "--model", str(packed), "-t", "0", "-n", "7", ""]
    told = run("tell", *fast)
    assert (told.returncode, told.stdout) == (0, "once upon a time,🙂 there was\n")
    assert "this model has no mode exact; fast tells instead" in told.stderr
    assert "; fast, seed" in told.stderr
    refused = run("tell", "--mode", "exact", *fast)
    assert (refused.returncode, refused.stdout) != (0, told.stdout)
    assert "packed without that mode" in refused.stderr
