"""Boards on USB without a port: what sysfs shows of them, and what is said in place of a port."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import NoDevice
from duotui.link.ports import Port, find_board
from duotui.link.usb_devices import UsbDevice, usb_devices, without_port
from support.usb_tree import attach, plug_in

if TYPE_CHECKING:
    from pathlib import Path

ROM_PORT = Port("/dev/ttyACM0", "USB Com Port", 0x3346, 0x1000, "")


def only(devices: list[UsbDevice]) -> UsbDevice:
    (device,) = devices
    return device


def test_a_system_without_sysfs_lists_nothing(tmp_path: Path) -> None:
    assert usb_devices(tmp_path) == []


def test_a_board_from_its_box_is_a_network_card(tmp_path: Path) -> None:
    folder = plug_in(tmp_path, "network")
    device = only(usb_devices(tmp_path))
    assert device == UsbDevice(str(folder), "network", "NCM", "3346:100c")
    assert device.described == "a Duo, as a network card (NCM, 3346:100c)"


@pytest.mark.parametrize(
    ("product", "kind", "what"),
    [
        ("1009", "network", "a Duo, as a network card"),
        ("1000", "rom", "a Duo's boot ROM: no card, or one that does not boot"),
        ("1001", "loader", "a Duo's boot loader, which waits for a download"),
        ("1003", "serial", "a Duo, whose serial port this system does not show"),
        ("1008", "usb", "a Duo without a serial port"),
    ],
)
def test_a_board_is_told_by_its_product(tmp_path: Path, product: str, kind: str, what: str) -> None:
    plug_in(tmp_path, "network", product)
    device = only(usb_devices(tmp_path))
    assert (device.kind, device.what) == (kind, what)
    assert device.mend


def test_a_board_with_a_serial_port_has_it_listed_once(tmp_path: Path) -> None:
    plug_in(tmp_path, "serial")
    device = only(usb_devices(tmp_path))
    assert (device.kind, device.ports) == ("serial", ("/dev/ttyACM0",))
    assert without_port([device], ["/dev/ttyACM0", "/dev/ttyS0"]) == []
    # a container has the computer's sysfs, and not its device files
    assert without_port([device], ["/dev/ttyS0"]) == [device]


def test_another_vendor_is_no_board(tmp_path: Path) -> None:
    (plug_in(tmp_path, "network") / "idVendor").write_text("0bda\n")
    assert usb_devices(tmp_path) == []


def test_a_board_that_is_pulled_out_at_this_moment(tmp_path: Path) -> None:
    folder = plug_in(tmp_path, "network")
    for name in ("product", "idProduct"):
        (folder / name).unlink()
    assert only(usb_devices(tmp_path)).kind == "usb"
    shutil.rmtree(folder.resolve())
    assert usb_devices(tmp_path) == []


def test_a_name_of_a_device_is_shown_without_control_characters(tmp_path: Path) -> None:
    (plug_in(tmp_path, "network") / "product").write_text("N\x1b[31mCM\n")
    assert "\x1b" not in only(usb_devices(tmp_path)).described


def test_a_socket_with_power_and_without_data(tmp_path: Path) -> None:
    usb_port = attach(tmp_path)
    device = only(usb_devices(tmp_path))
    assert device.described == "a USB-C socket that gives power to something without data"
    (usb_port / "device").mkdir()
    assert usb_devices(tmp_path) == []


@pytest.mark.parametrize("attached", [{"role": "source [sink]"}, {"known": False}], ids=str)
def test_a_socket_of_which_it_cannot_be_told(tmp_path: Path, attached: dict[str, str]) -> None:
    attach(tmp_path, **attached)  # type: ignore[arg-type]
    assert usb_devices(tmp_path) == []


def test_what_is_there_is_said_where_no_port_is(tmp_path: Path) -> None:
    attach(tmp_path)
    plug_in(tmp_path, "network")
    with pytest.raises(NoDevice) as error:
        find_board([], usb_devices(tmp_path))
    assert "no port of a board was found, but a Duo, as a network card (NCM, " in str(error.value)
    assert error.value.hint == "duotui setup --net"


def test_the_port_of_a_boot_rom_is_no_boards() -> None:
    assert ROM_PORT.kind == "rom"
    with pytest.raises(NoDevice, match="boot ROM: no card, or one that does not boot") as error:
        find_board([ROM_PORT])
    assert "flash an image" in error.value.hint
    assert Port("/dev/ttyACM0", "", 0x3346, 0x1001, "").kind == "loader"
    assert Port("/dev/ttyACM0", "", 0x3346, 0x1009, "").kind == "duo"


def test_nothing_at_all_names_the_cable() -> None:
    with pytest.raises(NoDevice, match=r"^no board was found; plug one in with a cable that carri"):
        find_board([])


def test_each_role_of_the_profile_is_a_kind(tmp_path: Path) -> None:
    for product in DUO_64M.usb_products:
        plug_in(tmp_path / str(product), "network", f"{product:04x}")
        assert only(usb_devices(tmp_path / str(product))).mend


def plug_in_cable(sysfs: Path, number: str, driver: str, tty: str = "") -> None:
    """Make the tree of a UART cable, whose interface has that driver and that port."""
    interface = sysfs / "bus/usb/devices/1-2/1-2:1.0"
    interface.mkdir(parents=True)
    for name, value in zip(("idVendor", "idProduct"), number.split(":"), strict=True):
        (interface.parent / name).write_text(f"{value}\n")
    (interface.parent / "product").write_text("USB Serial\n")
    if driver:
        (interface / "driver").symlink_to(f"../../../drivers/{driver}")
    if tty:
        (interface / tty).mkdir()


@pytest.mark.parametrize("number", ["1a86:7523", "10c4:ea60", "0403:6001"])
def test_a_cable_that_brltty_has_taken_is_named(tmp_path: Path, number: str) -> None:
    plug_in_cable(tmp_path, number, "usbfs")
    device = only(usb_devices(tmp_path))
    assert device.kind == "taken"
    assert device.mend.endswith(": sudo apt remove brltty")
    with pytest.raises(NoDevice, match=f"but a UART cable that another .*{number}"):
        find_board([], [device])


def test_a_cable_without_a_driver_gets_it(tmp_path: Path) -> None:
    plug_in_cable(tmp_path, "1a86:7523", "")
    assert only(usb_devices(tmp_path)).mend == "sudo modprobe ch341"


@pytest.mark.parametrize(("number", "tty"), [("1a86:7523", "ttyUSB0"), ("1a86:55e0", "")])
def test_a_cable_with_a_port_and_another_device_are_not_listed(
    tmp_path: Path, number: str, tty: str
) -> None:
    plug_in_cable(tmp_path, number, "ch341" if tty else "usbfs", tty)
    assert usb_devices(tmp_path) == []
