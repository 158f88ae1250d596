"""The target of a command line: typed wrong, among several boards, or not plugged in yet."""

from __future__ import annotations

import argparse
import io
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from serial.tools import list_ports_common

from duotui.base.clock import ManualClock
from duotui.base.errors import Exit, NoDevice, UsageError
from duotui.cli.main import main
from duotui.cli.target import check_word, target_of, wait_for_board
from duotui.link.ports import SeveralBoards
from duotui.link.pty_cable import PtyCable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOARDS = ("/dev/ttyACM0", "/dev/ttyACM1")


def plugged_in(*paths: str) -> Callable[[], list[list_ports_common.ListPortInfo]]:
    """pyserial's list of ports, with a Duo at each of `paths`."""
    devices = []
    for number, path in enumerate(paths, 1):
        device = list_ports_common.ListPortInfo(path)
        device.product, device.vid, device.pid = "USB Com Port", 0x3346, 0x1003
        device.serial_number = f"duotui-{number}"
        devices.append(device)
    return lambda: devices


class Answers(io.StringIO):
    """A terminal's stdin or stderr."""

    def isatty(self) -> bool:
        return True


def options(target: str | None = None, wait: float | None = None) -> argparse.Namespace:
    return argparse.Namespace(target=target, wait=wait)


# Words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stroy"], "there is no command or target 'stroy'; did you mean story?"),
        (["stroy", "sim", "--voice", "off"], "'stroy'; did you mean story?"),
        (["tell", "--port", "smi"], "there is no command or target 'smi'; did you mean sim?"),
        (["judge", "sim,vitrual"], "'vitrual'; did you mean virtual?"),
        (["null"], "'null'; did you mean /dev/null?"),
        (["qqq"], "'qqq'; duotui help lists the commands"),
        (["tell", "--recrod", "x"], "--recrod; did you mean --record?"),
        (["tell", "--qqq"], "--qqq; duotui tell --help tells more"),
        (["help", "stroy"], "there is no command stroy; did you mean story?"),
        (["help", "qqq"], "there is no command qqq; there are story, tell, "),
    ],
)
def test_a_mistyped_word_is_one_line_with_the_nearest(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("duotui: ")
    assert message in line


@pytest.mark.parametrize("word", ["auto", "sim", "virtual", "/dev/x", "socket://a:1", "id:7"])
def test_what_may_be_a_target_is_taken(word: str) -> None:
    check_word(word)


def test_a_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.jsonl").touch()
    monkeypatch.chdir(tmp_path)
    check_word("run.jsonl")


def test_help_explains_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == Exit.OK
    lines = [line.split(None, 2) for line in capsys.readouterr().out.splitlines()]
    assert [
        "duotui",
        "story",
        "The story machine: cards, pictures and a story, for a child alone.",
    ] in lines
    assert main(["help", "devices"]) == Exit.OK
    assert capsys.readouterr().out.startswith("usage: duotui devices")


# Several boards


@pytest.fixture
def two_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", plugged_in(*BOARDS))


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize(
    ("answers", "chosen"), [("2\n", 1), ("1\n", 0), ("3\nx\n\n/dev/ttyACM1\n", 1)]
)
def test_several_boards_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, answers: str, chosen: int
) -> None:
    err = Answers()
    monkeypatch.setattr("sys.stdin", Answers(answers))
    monkeypatch.setattr("sys.stderr", err)
    assert target_of(options("auto")) == BOARDS[chosen]
    assert "\n  2  /dev/ttyACM1  USB Com Port, 3346:1003, serial duotui-2\n" in err.getvalue()
    assert err.getvalue().count("which one? [1-2] ") == answers.count("\n")


@pytest.mark.usefixtures("two_boards")
def test_an_answer_that_ends_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Answers(""))
    monkeypatch.setattr("sys.stderr", Answers())
    with pytest.raises(SeveralBoards):
        target_of(options())


@pytest.mark.usefixtures("two_boards")
@pytest.mark.parametrize("arguments", [["tell"], ["judge", "--headless"], ["setup"], ["doctor"]])
def test_without_a_terminal_they_are_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == Exit.USAGE
    expected = "duotui: several boards may be meant; name one of /dev/ttyACM0 /dev/ttyACM1\n"
    assert capsys.readouterr().err == expected


@pytest.mark.usefixtures("two_boards")
def test_a_number_needs_no_question() -> None:
    assert target_of(options("id:duotui-2")) == "id:duotui-2"


# A board that is not plugged in yet


def test_a_port_is_waited_for(tmp_path: Path) -> None:
    cable, clock, err = PtyCable(), ManualClock(), io.StringIO()
    port = tmp_path / "ttyACM0"

    def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if clock.now() >= 60 and not port.is_symlink():
            port.symlink_to(cable.host_path)

    try:
        assert wait_for_board(str(port), 3600, clock, sleep, err) == str(port)
    finally:
        cable.cut()
    assert clock.now() == 60
    expected = f"duotui: there is no port {port}; waiting for it, Ctrl+C ends\n"
    assert err.getvalue() == expected


@pytest.mark.parametrize("target", ["auto", "id:duotui-1", "/dev/ttyACM0"])
def test_a_board_is_waited_for_however_it_is_named(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", plugged_in())
    clock = ManualClock()

    def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if clock.now() >= 5:
            monkeypatch.setattr("serial.tools.list_ports.comports", plugged_in(BOARDS[0]))

    assert wait_for_board(target, 3600, clock, sleep, io.StringIO()) == target
    assert clock.now() == 5


def test_a_board_that_does_not_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", plugged_in())
    clock = ManualClock()
    with pytest.raises(NoDevice, match="no board was found; it did not come in time"):
        wait_for_board("auto", 3, clock, clock.advance, io.StringIO())
    assert clock.now() == 3


def test_permissions_come_after_the_port(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    port, clock = tmp_path / "ttyACM0", ManualClock()
    port.touch(mode=0)

    def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if clock.now() >= 1:
            port.chmod(0o600)

    wait_for_board(str(port), 60, clock, sleep, io.StringIO())
    assert clock.now() == 1


def test_ctrl_c_ends_the_wait(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "duotui", "tell", "--port", f"{tmp_path}/ttyACM0", "--wait"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "waiting for it" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "duotui: stopped\n"
    assert process.returncode == Exit.CANCELLED


def test_a_target_after_wait_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--wait", "/dev/ttyACM0"]) == Exit.USAGE
    assert "argument --wait: '/dev/ttyACM0' is not a number" in capsys.readouterr().err


def test_a_word_is_checked_also_with_wait() -> None:
    with pytest.raises(UsageError, match="did you mean virtual"):
        target_of(options("vitrual", wait=5))
