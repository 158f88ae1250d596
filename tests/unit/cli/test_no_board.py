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


@pytest.mark.parametrize("stand_in", ["tells", "is judged"])
def test_tell_and_judge_say_it(capsys: pytest.CaptureFixture[str], stand_in: str) -> None:
    assert resolve.board_or_sim(stand_in) == "sim"
    said = capsys.readouterr().err
    assert said.startswith(SEEN)
    assert said.endswith(f": the simulated Duo {stand_in}\n")


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
    arguments = ["judge", "--headless", "--runs", "1", "--warm", "0", "-n", "5"]
    assert main(arguments) == Exit.OK
    captured = capsys.readouterr()
    assert captured.err.startswith("no board was found: the simulated Duo is judged\n")
    assert json.loads(captured.out)["target"] == "sim"
