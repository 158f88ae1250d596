"""Judge sessions that are cut off: nothing is lost, and they go on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.judge_command import begun, judge
from support.scripted_model import STORY_PIECES, write_scripted_model

if TYPE_CHECKING:
    from pathlib import Path

DUOTUI = [sys.executable, "-m", "duotui"]
SESSION = ("sim", "-n", "24", "--runs", "30")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of the test."""
    monkeypatch.setenv("DUOTUI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "judge"


def cut_off(after: str, *arguments: str) -> None:
    """Run a judge session, and kill it after its line that has `after`."""
    process = begun(after, *arguments)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def sessions(data: Path) -> list[Path]:
    return sorted(data.iterdir()) if data.is_dir() else []


def test_a_session_that_was_killed_goes_on(data: Path) -> None:
    cut_off("17 of 30", *SESSION)
    (folder,) = sessions(data)
    so_far = json.loads((folder / "verdict.json").read_text())
    assert so_far["correctness"]["identical"] is True

    result = judge("--continue", "--headless")
    assert result.returncode == 0, result.stderr
    verdict = json.loads(result.stdout)
    assert (verdict["score"]["runs"], verdict["sittings"]) == (30, 2)
    assert verdict["correctness"]["identical_runs"] == 30
    rates = [run["rate"] for run in verdict["runs"]]
    assert rates[: len(so_far["runs"])] == [run["rate"] for run in so_far["runs"]]
    assert verdict["started"] == so_far["started"]
    assert sessions(data) == [folder]
    assert {path.name for path in folder.iterdir()} >= {
        *("session.json", "recording.jsonl", "recording-2.jsonl"),
        *("verdict.json", "report.md", "report.html", "story.txt", "baseline.txt"),
    }
    assert "continued 1 time," in (folder / "report.md").read_text()

    result = judge("--continue", "--headless")
    assert (result.returncode, json.loads(result.stdout)["error"]["message"]) == (
        2,
        "no judge session was cut off",
    )


def test_a_session_that_was_stopped_says_how_it_goes_on(data: Path) -> None:
    process = begun("2 of", "sim", "-n", "24", "--runs", "100000")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    (folder,) = sessions(data)
    assert f"duotui judge --continue {folder} goes on with it" in err
    assert json.loads((folder / "session.json").read_text())["finished"] is False


def test_its_recording_is_judged_as_far_as_it_got(data: Path) -> None:
    cut_off("5 of 30", *SESSION)
    (folder,) = sessions(data)
    result = judge(folder / "recording.jsonl", "--headless")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["score"]["runs"] >= 5


def test_two_programs_do_not_go_on_with_one_session(data: Path) -> None:
    process = begun("1 of", "sim", "-n", "24", "--runs", "100000")
    (folder,) = sessions(data)
    result = judge("--continue", folder, "--headless")
    process.kill()
    process.communicate()
    assert result.returncode == 5
    assert "runs in another program; end that first" in result.stderr


def test_a_refused_session_leaves_nothing(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "none.txt"
    assert judge("sim", "--headless", "--baseline", other).returncode == 2
    assert sessions(data) == []


def test_a_data_folder_that_cannot_be_made_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DUOTUI_DATA", str(tmp_path / "file"))
    result = judge("sim", "--headless", "-n", "24", "--runs", "2")
    assert result.returncode == 0
    assert json.loads(result.stdout)["score"]["runs"] == 2
    (line,) = [line for line in result.stderr.splitlines() if "is not saved" in line]
    assert line.startswith("duotui: this session is not saved: ")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"duotui judge session": 2}', "{" * 5000, '{"duotui judge session": 1}'],
)
def test_a_damaged_session_is_one_line(data: Path, text: str) -> None:
    folder = data / "bad"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text(text)
    result = judge("--continue", folder)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert str(folder) in line


def test_the_command_of_a_report_repeats_it(data: Path, tmp_path: Path) -> None:
    """Run as printed: the same model, tokenizer, baseline, warm-up and mode; the same verdict."""
    model, tokenizer = write_scripted_model(tmp_path, STORY_PIECES, 1000)
    first = judge(
        *("sim", "--headless", "--runs", "2", "--warm", "0", "--mode", "reference"),
        *("--model", model, "--tokenizer", tokenizer, "-t", "0.7", "-n", "30"),
    )
    assert first.returncode == 0, first.stderr
    report = (sessions(data)[0] / "report.md").read_text()
    (line,) = [line for line in report.splitlines() if line.startswith("| command | ")]
    command = shlex.split(line.split("`")[1])
    assert command == json.loads(first.stdout)["command"]
    again = subprocess.run(
        [*DUOTUI, *command[1:], "--headless"], capture_output=True, text=True, timeout=100
    )
    one, two = json.loads(first.stdout), json.loads(again.stdout)
    for name in ("request", "ids", "story", "baseline", "correctness", "command"):
        assert one[name] == two[name]
    assert one["engine"]["model_sha256"] == two["engine"]["model_sha256"]


def test_a_folder_may_be_named_from_where_one_stands_and_be_moved(data: Path) -> None:
    cut_off("3 of 30", *SESSION)
    (folder,) = sessions(data)
    moved = folder.with_name("moved")
    folder.rename(moved)
    process = begun("5 of 30", "--continue", os.path.relpath(moved))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert {path.name for path in moved.iterdir()} >= {"recording.jsonl", "recording-2.jsonl"}
    result = judge("--continue", os.path.relpath(moved), "--headless")
    assert result.returncode == 0, result.stderr
    verdict = json.loads(result.stdout)
    assert (verdict["score"]["runs"], verdict["sittings"]) == (30, 3)


def test_a_recording_that_is_missing_is_said(data: Path) -> None:
    cut_off("2 of 30", *SESSION)
    (folder,) = sessions(data)
    (folder / "recording.jsonl").unlink()
    result = judge("--continue")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "recording.jsonl, a recording of this session, is missing; put it back" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-n", "50"], "--steps is that of the session that goes on; leave it out"),
        (["--runs", "3"], "--runs is that of the session"),
        (["--record", "x"], "--record is that of the session"),
        (["--baseline", "x"], "--baseline is that of the session"),
        (["sim,sim"], "--continue is for one board; name one"),
    ],
)
def test_what_a_session_keeps_is_refused_beside_it(
    data: Path, arguments: list[str], words: str
) -> None:
    cut_off("1 of 30", *SESSION)
    result = judge(*arguments, "--continue")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert words in result.stderr


def test_a_session_of_several_boards_goes_on_one_by_one(data: Path) -> None:
    process = begun("sim 2:   1 of", "sim,sim", "-n", "24", "--runs", "400")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    first, second = sessions(data)
    for folder in (first, second):
        assert json.loads((folder / "session.json").read_text())["options"]["target"] == "sim"


def test_a_folder_is_no_target(data: Path) -> None:
    result = judge(data.parent.parent)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "is a folder; name its recording.jsonl" in result.stderr


@pytest.mark.parametrize("option", [["--bundle", "x"], ["--record", "x"], ["sim"], ["--runs", "2"]])
def test_a_log_is_judged_alone(data: Path, tmp_path: Path, option: list[str]) -> None:
    log = tmp_path / "log.txt"
    log.write_text("Once upon a time\nachieved tok/s: 2\n")
    result = judge("--outputs", log, *option)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "is not for --outputs; leave it out" in result.stderr


def test_a_sitting_that_was_refused_changes_nothing(data: Path) -> None:
    """The port is not there, or another program has the session: it goes on afterwards."""
    cut_off("2 of 30", *SESSION)
    (folder,) = sessions(data)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert judge("/dev/ttyNONE0", "--continue", "--headless").returncode == 3
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    result = judge("--continue", "--headless")
    assert result.returncode == 0, result.stderr
    verdict = json.loads(result.stdout)
    assert (verdict["score"]["runs"], verdict["sittings"]) == (30, 2)


def test_a_session_that_another_program_wanted_goes_on(data: Path) -> None:
    process = begun("2 of 30", *SESSION[:-2], "--runs", "30", "-t", "0.5")
    process.send_signal(signal.SIGSTOP)
    (folder,) = sessions(data)
    assert judge("--continue", folder).returncode == 5
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    result = judge("--continue", folder, "--headless")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["score"]["runs"] == 30


def test_a_mistyped_target_is_no_port_to_go_on_with(data: Path) -> None:
    cut_off("1 of 30", *SESSION)
    result = judge("smi", "--continue")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "did you mean sim?" in result.stderr
