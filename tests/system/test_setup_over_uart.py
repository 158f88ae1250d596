"""`duotui setup PORT` over a UART: what is small first, then the board's own USB port."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.errors import Cancelled
from duotui.board.installer import install_files, plan_install
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.board.shell import Shell
from duotui.cli.board_setup import BoardSetup
from duotui.cli.setup_dialog import SetupDialog, SetupOptions, how_long
from duotui.cli.setup_files import exact_memory, fitting_files
from duotui.cli.setup_line import UART_RATE, SetupLine, path_line, serial_line
from duotui.link.serial_transport import SerialTransport
from duotui.targets import packer
from duotui.targets.engine_binary import find_engine
from support.ssh_board import SshBoard, ssh_board

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.fixture_types import OpenLine

OWN_SCRIPT = "#!/bin/sh\nmy-program &\n"


@pytest.fixture
def board(tmp_path: Path) -> Iterator[SshBoard]:
    with ssh_board(tmp_path / "board") as board:
        yield board


def options(board: SshBoard, *, undo: bool = False) -> SetupOptions:
    return SetupOptions(
        target=board.uart.host_path,
        model=resources.MODEL,
        tokenizer=None,
        engine=find_engine(),
        yes=True,
        undo=undo,
    )


def set_up(board: SshBoard, out: io.StringIO, *, undo: bool = False) -> str:
    chosen = options(board, undo=undo)
    setup = BoardSetup(chosen, out, ports=board.ports, on_usb=board.on_usb)
    setup.run(install_files(chosen.engine, chosen.model))
    return out.getvalue()


class Watched(io.StringIO):
    """Output that unplugs the board's USB cable for a moment once the voice or the model comes."""

    def __init__(self, board: SshBoard) -> None:
        super().__init__()
        self.board, self.pulled = board, False

    def write(self, text: str) -> int:
        if "setup goes on there" in text and not self.pulled:
            self.pulled = True
            self.board.cable.unplug()
            self.board.cable.plug()
        return super().write(text)


def test_the_model_goes_over_the_usb_port(board: SshBoard) -> None:
    out = Watched(board)
    said = set_up(board, out)
    before, _, after = said.partition("the board's USB port is ")
    assert "  duollama " in before
    assert "  story.duo " not in before
    assert "  story.duo " in after
    assert out.pulled
    path = board.ports()[0].path
    assert "begins a story in each mode: fast, exact, reference" in said
    assert said.splitlines()[-1].startswith("ready: duotui /dev/")
    assert board.file("/mnt/data/duotui/story.duo").read_bytes() == resources.MODEL.read_bytes()
    assert path != board.uart.host_path


def test_the_owners_script_is_kept_and_put_back(board: SshBoard) -> None:
    script = board.file("/mnt/data/auto.sh")
    script.write_text(OWN_SCRIPT)
    said = set_up(board, io.StringIO())
    assert "/mnt/data/auto.sh is the owner's own: it is kept as" in said
    assert "owner-auto.sh" in script.read_text()
    assert board.file("/mnt/data/duotui/owner-auto.sh").read_text() == OWN_SCRIPT
    assert "is the owner's own" not in set_up(board, io.StringIO())
    assert "starts as before" in set_up(board, io.StringIO(), undo=True)
    assert script.read_text() == OWN_SCRIPT
    assert not board.file("/mnt/data/duotui").exists()


def uart(rate: int = UART_RATE) -> SetupLine:
    return SetupLine(name="/dev/ttyUSB0", rate=rate, open=lambda: SerialTransport("/dev/null"))


def test_bytes_and_time_are_said_before_the_question(board: SshBoard) -> None:
    transport = SerialTransport(board.uart.host_path)
    try:
        spawn = TransportSpawn(transport)
        with Shell.enter(spawn, probe_peer(spawn)) as shell:
            plan = plan_install(shell, install_files(resources.BOARD, resources.MODEL))
    finally:
        transport.close()
    assert how_long(plan, uart(), expected=False) == (
        "Send 14.5 MB (30 min; 2 min if the board's USB cable is plugged in here, too)?"
    )
    assert how_long(plan, uart(), expected=True) == (
        "Send 0.2 MB over this line, then 14.2 MB over the board's USB port (2 min in all)?"
    )
    assert how_long(plan, uart(300_000), expected=True) == "Send 14.5 MB (48 s)?"


def test_no_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", Terminal("n\n\n\n"))
    dialog = SetupDialog(False, out)
    with pytest.raises(Cancelled, match="nothing was changed"):
        dialog.confirm("Send?")
    assert (dialog.agree("Send?"), dialog.agree("Trust?", risky=True)) == (True, False)
    assert out.getvalue() == "Send? [Y/n] Send? [Y/n] Trust? [y/N] "


@pytest.mark.parametrize("model", [resources.CHECKPOINT, resources.MODEL], ids=["bin", "duo"])
def test_exact_is_left_out_where_it_has_no_room(
    line: OpenLine, tmp_path: Path, model: Path
) -> None:
    """A .duo file stays as it is, and the user is told."""
    (tmp_path / "grep").write_text("#!/bin/sh\necho MemTotal: 29492; echo MemAvailable: 8000\n")
    (tmp_path / "grep").chmod(0o755)
    files = install_files(find_engine(), packer.packed_model(model, resources.TOKENIZER))
    assert 9e6 < exact_memory(files[-1].source) < 13e6
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        fitting, notes = fitting_files(shell, files, model, resources.TOKENIZER)
    assert notes[-1].startswith("mode exact needs 12 MB of memory, and 8 are free: ")
    if model.suffix == ".bin":
        assert notes[-1].endswith("only mode fast is sent, 2.6 MB")
        assert "for mode fast\n" in packer.inspect(fitting[-1].source)
    else:
        assert fitting[-1] == files[-1]


def test_a_port_of_the_boards_own_is_fast_and_found_again(board: SshBoard) -> None:
    (board.folder / "started").touch()
    board.file("/mnt/data/duotui").mkdir()
    board.file("/mnt/data/duotui/serial").write_text("7\n")
    own = serial_line(board.ports()[0], board.ports)
    assert (own.is_usb_port, own.is_fast) == (True, True)
    assert not path_line(board.uart.host_path, board.ports).is_fast
    board.cable.unplug()
    board.cable.plug()
    own.open().close()
