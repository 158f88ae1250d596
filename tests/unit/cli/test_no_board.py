"""Commands where no board has a port: they name what is on USB, and the command that helps."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import Exit, NoDevice
from duotui.cli import console, resolve
from duotui.cli.main import main
from support.usb_tree import plug_in

if TYPE_CHECKING:
    from pathlib import Path

SEEN = (
    "no port of a board was found, but a Duo, as a network card (NCM, 3346:100c);"
    " duotui setup --net"
)


@pytest.fixture(autouse=True)
def fresh_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Computer with a board fresh from its box, and no serial port."""
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    monkeypatch.setattr("duotui.link.usb_devices.SYSFS", tmp_path)
    return plug_in(tmp_path, "network")


def test_devices_lists_it(capsys: pytest.CaptureFixture[str], fresh_board: Path) -> None:
    assert main(["devices"]) == Exit.OK
    first, second, simulated = capsys.readouterr().out.splitlines()
    assert first == f"{fresh_board}  network  a Duo, as a network card (NCM, 3346:100c)"
    assert second.strip().startswith("-> duotui setup")
    assert simulated.startswith("sim ")
    assert main(["devices", "--json"]) == Exit.OK
    rows = json.loads(capsys.readouterr().out)
    assert [row["kind"] for row in rows] == ["network", "sim"]
    assert rows[0]["mend"].startswith("duotui setup")


def test_doctor_and_setup_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == Exit.NO_DEVICE
    (row,) = json.loads(capsys.readouterr().out)
    assert f"{row['what']}; {row['mend']}".startswith(SEEN)
    assert main(["setup", "--yes"]) == Exit.NO_DEVICE
    assert capsys.readouterr().err.startswith(f"duotui: {SEEN}")


def test_tell_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert resolve.board_or_sim() == "sim"
    said = capsys.readouterr().err
    assert said.startswith(SEEN)
    assert said.endswith(": the simulated Duo tells\n")


def test_the_console_says_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert console.board_or_sim() == "sim"
    assert capsys.readouterr().err.startswith(SEEN[0].upper() + SEEN[1:])  # a sentence
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(NoDevice, match="as a network card"):
        console.board_or_sim()


def test_nothing_there_is_said_by_judge_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("duotui.link.usb_devices.SYSFS", tmp_path / "none")
    refusal = "no board was found; duotui judge sim judges this computer, which is no Duo"
    assert main(["judge", "--headless"]) == Exit.NO_DEVICE
    captured = capsys.readouterr()
    assert captured.err == f"duotui: {refusal}\n"
    assert json.loads(captured.out)["error"]["status"] == Exit.NO_DEVICE


def test_a_judge_at_a_terminal_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "on_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert resolve.board_or_question(ask=True) == "sim"
    assert capsys.readouterr().err.endswith(". Judge this computer, which is no Duo? [y/N] ")
    for answer in ("\n", "n\n", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        with pytest.raises(NoDevice, match="as a network card"):
            resolve.board_or_question(ask=True)


@pytest.mark.parametrize("command", ["judge", "doctor", "setup"])
def test_an_empty_target_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A script's `judge "$PORT"` without a port."""
    assert main([command, ""]) == Exit.USAGE
    assert "the target is empty; duotui devices lists the ports" in capsys.readouterr().err
