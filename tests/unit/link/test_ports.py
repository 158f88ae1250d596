"""Choice of a port, and the message for a port that cannot be opened."""

import errno
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from serial.tools import list_ports_common

from duotui.base.errors import Busy, DuotuiError, NoDevice, NoPermission, UsageError
from duotui.base.untrusted_text import one_line
from duotui.link.port_access import holders
from duotui.link.ports import Port, exists, find_board, is_path, listed, port_of, ports
from duotui.link.pty_cable import PtyCable
from duotui.link.serial_transport import SerialTransport, explain_open_error
from duotui.targets.board import BoardTarget, same_board

DUO_PORT = Port("/dev/ttyACM0", "USB Com Port", 0x3346, 0x1003, "0123456789")
CABLE = Port("/dev/ttyUSB0", "CH340", 0x1A86, 0x7523, "")
MODEM = Port("/dev/ttyACM7", "Modem", 0x1234, 0x0001, "")
BUILT_IN = Port("/dev/ttyS0", "ttyS0", None, None, "")
DENIED = "PermissionError(13, 'Zugriff verweigert', None, 5)"
ABSENT = "FileNotFoundError(2, 'Das System kann die angegebene Datei nicht finden.', None, 2)"


def test_the_only_duo_is_the_board_whatever_else_is_there() -> None:
    assert find_board([CABLE, MODEM, DUO_PORT, BUILT_IN]) is DUO_PORT


def test_a_single_cable_will_do() -> None:
    assert find_board([CABLE, MODEM, BUILT_IN]) is CABLE


@pytest.mark.parametrize("ports", [[], [MODEM], [BUILT_IN], [MODEM, BUILT_IN]])
def test_a_port_that_may_be_anything_is_not_opened(ports: list[Port]) -> None:
    with pytest.raises(NoDevice):
        find_board(ports)


def test_several_duos_are_named_and_none_is_taken() -> None:
    other = Port("/dev/ttyACM1", "", 0x3346, 0x1009, "")
    with pytest.raises(UsageError, match="/dev/ttyACM0 /dev/ttyACM1"):
        find_board([DUO_PORT, other, CABLE])


def test_a_board_is_found_again_by_its_number_whatever_its_port_is_called() -> None:
    moved = replace(DUO_PORT, path="/dev/ttyACM1")
    assert same_board(DUO_PORT, [MODEM, moved]) is moved
    other = replace(DUO_PORT, serial_number="9")
    for present in ([], [other], [replace(other, path=DUO_PORT.path)]):
        with pytest.raises(NoDevice, match="0123456789 is not plugged in"):
            same_board(DUO_PORT, present)


def test_boards_of_one_number_are_told_by_their_ports() -> None:
    twins = [DUO_PORT, replace(DUO_PORT, path="/dev/ttyACM1")]
    assert same_board(DUO_PORT, twins) is DUO_PORT
    with pytest.raises(NoDevice, match="cannot be told from another one"):
        same_board(replace(DUO_PORT, path="/dev/ttyACM2"), twins)


def test_a_port_without_a_number_is_found_again_by_its_path() -> None:
    assert same_board(CABLE, [DUO_PORT, CABLE]) is CABLE
    assert same_board(CABLE, []).path == CABLE.path


def test_a_board_is_named_by_its_number() -> None:
    assert port_of("id:0123456789", [CABLE, DUO_PORT]) is DUO_PORT
    for target in ("id:0123456798", "id:", "id:x"):
        with pytest.raises(NoDevice, match="no port has the serial number"):
            port_of(target, [CABLE, DUO_PORT])
    with pytest.raises(NoDevice, match="did you mean id:0123456789"):
        port_of("id:0123456798", [CABLE, DUO_PORT])
    with pytest.raises(UsageError, match="/dev/ttyACM0 /dev/ttyACM1"):
        port_of("id:0123456789", [DUO_PORT, replace(DUO_PORT, path="/dev/ttyACM1")])


def test_a_link_to_a_port_is_described_and_followed_anew(tmp_path: Path) -> None:
    """Link of /dev/serial/by-id to a cable without a serial number, which is plugged in again."""
    cables = PtyCable(), PtyCable()
    link = tmp_path / "usb-1a86_USB_Serial-if00-port0"
    present = [replace(CABLE, path=cable.host_path) for cable in cables]
    board = BoardTarget(str(link), ports=lambda: present, on_usb=list)
    try:
        for cable in cables:
            link.unlink(missing_ok=True)
            link.symlink_to(cable.host_path)
            assert port_of(str(link), present).described == CABLE.described
            board._known = board._find()
            assert board._known.path == cable.host_path
    finally:
        for cable in cables:
            cable.cut()


def test_a_port_is_described_by_what_is_known() -> None:
    assert DUO_PORT.described == "USB Com Port, 3346:1003, serial 0123456789"
    assert BUILT_IN.described == "ttyS0"


@pytest.mark.parametrize(
    ("target", "error", "kind"),
    [
        ("/dev/null", PermissionError(errno.EACCES, "Permission denied"), NoPermission),
        ("/dev/null", OSError(errno.EBUSY, "busy"), Busy),
        ("/dev/null", serial.SerialException("Could not exclusively lock port"), Busy),
        ("/dev/none", FileNotFoundError(errno.ENOENT, "none"), NoDevice),
        ("socket://x:1", serial.SerialException("refused"), NoDevice),
        ("nope://", ValueError("invalid URL"), UsageError),
        # pyserial on Windows
        ("COM3", serial.SerialException(f"could not open port 'COM3': {DENIED}"), Busy),
        ("COM3", serial.SerialException(f"could not open port 'COM3': {ABSENT}"), NoDevice),
    ],
)
def test_a_failed_open_says_what_to_do(
    target: str, error: Exception, kind: type[DuotuiError]
) -> None:
    message = explain_open_error(target, error)
    assert type(message) is kind
    assert message.hint
    assert "\n" not in str(message)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/dev/ttyACM999", NoDevice),
        ("/etc/passwd", UsageError),
        ("/", UsageError),
        ("", NoDevice),
        ("socket://127.0.0.1:9", NoDevice),
        ("socket://", NoDevice),
        ("bogus://x", UsageError),
    ],
)
def test_a_real_open_fails_in_one_line(target: str, kind: type[DuotuiError]) -> None:
    with pytest.raises(kind) as caught:
        SerialTransport(target)
    assert "\n" not in str(caught.value)


def test_a_port_in_use_names_its_holder() -> None:
    master, slave = os.openpty()
    path = os.ttyname(slave)
    first = SerialTransport(path)
    try:
        with pytest.raises(Busy, match="in use by"):
            SerialTransport(path)
    finally:
        first.close()
        os.close(master)
        os.close(slave)


def test_holders_are_read_from_proc(tmp_path: Path) -> None:
    folder = tmp_path / "4242"
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text("tio\n")
    (folder / "fd" / "3").symlink_to("/dev/null")
    assert list(holders("/dev/null", tmp_path)) == ["tio (pid 4242)"]
    assert list(holders("/dev/zero", tmp_path)) == []


def test_holders_are_asked_of_lsof_where_there_is_no_proc(tmp_path: Path) -> None:
    if shutil.which("lsof") is None:
        pytest.skip("lsof is not installed")
    port = tmp_path / "port"
    port.touch()
    with port.open("rb") as file:
        holder = subprocess.Popen(["sleep", "100"], stdin=file)
    try:
        assert list(holders(str(port), tmp_path / "proc")) == [f"sleep (pid {holder.pid})"]
    finally:
        holder.kill()
        holder.wait()
    assert list(holders(str(port), tmp_path / "proc")) == []


def test_a_port_of_windows_is_listed_and_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    com = replace(DUO_PORT, path="COM3")
    monkeypatch.setattr("sys.platform", "win32")
    assert listed("com3", [com]) is com
    assert exists("Com3", [com])
    assert not exists("/dev/null", [com])
    assert [is_path(name) for name in ("COM3", "com12", "socket://x:1", "sim", "COMet")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_what_a_device_says_of_itself_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "Duo\x1b]52;c;UFdO\x07\u202e\r\n\x9b31m"
    device = list_ports_common.ListPortInfo("/dev/ttyACM0")
    device.product, device.serial_number, device.vid, device.pid = evil, evil, 0x3346, 0x1003
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [device])
    (port,) = ports()
    assert one_line(port.described) == port.described
    assert "\x1b" not in port.described
