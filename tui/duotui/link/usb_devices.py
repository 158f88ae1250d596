"""Boards and UART cables on USB, with or without a serial port, as Linux's sysfs shows them.

A board fresh from its box is a network card. One without a card to boot from is its boot ROM. Both
have no port that `auto` could mean. A UART cable has none if another program has taken it, as
brltty for braille displays does. Systems without sysfs list nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from duotui.base.board_profile import DUO_64M, UsbRole
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.base.untrusted_text import one_line

SYSFS = Path("/sys")

ADAPTERS = {0x0403: "FTDI", 0x067B: "Prolific", 0x10C4: "Silicon Labs", 0x1A86: "WCH"}
"""Vendors of the USB-to-UART cables that lead to the Duo's pins 16 and 17."""

_CABLE_DRIVERS = {
    "0403:6001": "ftdi_sio",
    "0403:6010": "ftdi_sio",
    "0403:6011": "ftdi_sio",
    "0403:6014": "ftdi_sio",
    "0403:6015": "ftdi_sio",
    "067b:2303": "pl2303",
    "10c4:ea60": "cp210x",
    "1a86:5523": "ch341",
    "1a86:7523": "ch341",
}
"""Drivers of the usual cables. Their vendors make other devices, too, which have no port."""

DRIVER_OF_PROGRAMS = "usbfs"
"""Driver of a device that a program has taken from the kernel."""

TAKEN, DRIVERLESS = "taken", "driverless"
"""Kinds of UART cables without a port: one that a program has taken, one that no driver has."""

NO_DATA = "no-data"
"""Kind of a socket that gives power to something from which no data comes."""

SIGHTS = {
    UsbRole.NETWORK.value: (
        N_("a Duo, as a network card"),
        N_("duotui setup --net"),
    ),
    UsbRole.SERIAL.value: (
        N_("a Duo, whose serial port this system does not show"),
        N_("in a container, pass its /dev/ttyACM0 into it; else: sudo modprobe cdc_acm"),
    ),
    UsbRole.BOOT_ROM.value: (
        N_("a Duo's boot ROM: no card, or one that does not boot"),
        N_("seat its card, or flash an image to it, then plug the board in again"),
    ),
    UsbRole.BOOT_LOADER.value: (
        N_("a Duo's boot loader, which waits for a download"),
        N_("plug the board in again"),
    ),
    "usb": (
        N_("a Duo without a serial port"),
        N_("duotui setup PORT over a UART cable prepares it, or duotui setup --sd its card"),
    ),
    TAKEN: (
        N_("a UART cable that another program has taken, as brltty for braille displays does"),
        N_(
            "if nobody here needs it, remove it, then plug the cable in again: sudo apt remove "
            "brltty"
        ),
    ),
    DRIVERLESS: (
        N_("a UART cable for which no driver is loaded"),
        "sudo modprobe {driver}",
    ),
    NO_DATA: (
        N_("a USB-C socket that gives power to something without data"),
        N_("if that is the board, take a cable that carries data"),
    ),
}
"""What each kind is, and the command that helps. The first of them explains a missing port."""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A board on USB, a UART cable without a port, or a socket of the kind NO_DATA.

    `path` is its folder in sysfs; `ports` are the device files of its serial ports.
    """

    path: str
    kind: str
    name: str = ""
    number: str = ""
    ports: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What it is, for a sentence."""
        return _(SIGHTS[self.kind][0])

    @property
    def described(self) -> str:
        details = ", ".join(detail for detail in (self.name, self.number) if detail)
        return f"{self.what} ({details})" if details else self.what

    @property
    def mend(self) -> str:
        """The command that helps."""
        return _(SIGHTS[self.kind][1], driver=_CABLE_DRIVERS.get(self.number, ""))


def usb_kind(vendor: int | None, product: int | None) -> str:
    """The kind of a USB device: that of a board's UsbRole, "usb" for another one."""
    role = DUO_64M.usb_products.get(product or 0) if vendor == DUO_64M.usb_vendor else None
    return role.value if role is not None else "usb"


def usb_id(vendor: int | None, product: int | None) -> str:
    """A device's vendor and product, as lsusb writes them; "" if it is no USB device."""
    return f"{vendor:04x}:{product or 0:04x}" if vendor is not None else ""


def usb_devices(sysfs: Path | None = None) -> list[UsbDevice]:
    """List the boards on USB, the cables without a port and the sockets without data, what explains
    a missing port first. `sysfs` is SYSFS by default."""
    sysfs, order = sysfs or SYSFS, list(SIGHTS)
    on_bus = sysfs / "bus/usb/devices"
    found = [
        *_boards(on_bus),
        *_cables_without_port(on_bus),
        *_sockets_without_data(sysfs / "class/typec"),
    ]
    return sorted(found, key=lambda device: (order.index(device.kind), device.path))


def without_port(devices: Sequence[UsbDevice], ports: Collection[str]) -> list[UsbDevice]:
    """Those of `devices` of which no port is among `ports`, the paths of this computer's."""
    return [device for device in devices if not set(device.ports) & set(ports)]


def _boards(folder: Path) -> Iterator[UsbDevice]:
    for device in sorted(folder.glob("[0-9]*-[0-9]*")):
        vendor, product = (_number(device / name) for name in ("idVendor", "idProduct"))
        if vendor != DUO_64M.usb_vendor:
            continue
        yield UsbDevice(
            path=str(device),
            kind=usb_kind(vendor, product),
            name=one_line(_text(device / "product")),
            number=usb_id(vendor, product),
            ports=tuple(f"/dev/{tty.name}" for tty in _ttys(device)),
        )


def _cables_without_port(folder: Path) -> Iterator[UsbDevice]:
    for device in sorted(folder.glob("[0-9]*-[0-9]*")):
        vendor, product = (_number(device / name) for name in ("idVendor", "idProduct"))
        number = usb_id(vendor, product)
        if number not in _CABLE_DRIVERS or _ttys(device):
            continue
        drivers = {(interface / "driver").resolve().name for interface in device.glob("*:*")}
        kind = TAKEN if DRIVER_OF_PROGRAMS in drivers else DRIVERLESS
        name = one_line(_text(device / "product"))
        yield UsbDevice(path=str(device), kind=kind, name=name, number=number)


def _ttys(device: Path) -> list[Path]:
    # usb-serial's drivers have no folder "tty" in the interface
    return [*device.glob("*:*/tty/tty*"), *device.glob("*:*/ttyUSB*")]


def _sockets_without_data(folder: Path) -> Iterator[UsbDevice]:
    """Sockets of USB-C that are a source of power for a partner, and none of whose USB ports has a
    device. Only a computer that knows the ports of a socket can tell."""
    for socket in sorted(folder.glob("port[0-9]*")):
        usb_ports = list(socket.glob("usb*-port*"))
        gives_power = "[source]" in _text(socket / "power_role")
        attached = (folder / f"{socket.name}-partner").exists()
        empty = not any((port / "device").exists() for port in usb_ports)
        if usb_ports and gives_power and attached and empty:
            yield UsbDevice(path=str(socket), kind=NO_DATA)


def _number(path: Path) -> int | None:
    try:
        return int(_text(path), 16)
    except ValueError:
        return None


def _text(path: Path) -> str:
    """The text of an attribute; "" if there is none, or its device has just gone."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
