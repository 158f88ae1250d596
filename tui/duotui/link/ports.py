"""Serial ports: their list, the choice of the board, and the meaning of `auto`.

A target is `auto`, `sim` (not a port: targets/simulator.py), a device path, `id:SERIAL` with the
serial number of a USB port, or a URL that pyserial supports (`socket://`, `rfc2217://`). A port
without a USB vendor is opened only by name: it may be a modem or a loudspeaker.
"""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from duotui.base.board_profile import DUO_64M, UsbRole
from duotui.base.errors import NoDevice, UsageError
from duotui.base.nearest import hint_for
from duotui.base.oscompat import HAS_PTYS
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.base.untrusted_text import one_line
from duotui.link.usb_devices import (
    ADAPTERS,
    UsbDevice,
    usb_devices,
    usb_id,
    usb_kind,
    without_port,
)

NOTHING_FOUND = N_("no board was found")

ID_PREFIX = "id:"
"""Beginning of a target that is the serial number of a USB port."""

STARTING = (UsbRole.BOOT_ROM.value, UsbRole.BOOT_LOADER.value)
"""Kinds of a board that has not started its Linux. Its port is no board's."""


@dataclass(frozen=True, slots=True)
class Port:
    path: str
    name: str
    vendor: int | None
    product: int | None
    serial_number: str

    @property
    def kind(self) -> str:
        kind = usb_kind(self.vendor, self.product)
        if kind in STARTING:
            return kind
        if self.vendor == DUO_64M.usb_vendor:
            return "duo"
        if self.vendor in ADAPTERS:
            return "adapter"
        return "usb" if self.vendor is not None else "other"

    @property
    def number(self) -> str:
        """Its vendor and product, as `usb_id` writes them."""
        return usb_id(self.vendor, self.product)

    @property
    def unstarted(self) -> UsbDevice | None:
        """The board at this port, if it has not started its Linux."""
        if self.kind not in STARTING:
            return None
        return UsbDevice(path=self.path, kind=self.kind, name=self.name, number=self.number)

    @property
    def described(self) -> str:
        if self.unstarted is not None:
            return self.unstarted.described
        parts = [self.name, self.number]
        if self.serial_number:
            parts.append(_("serial {serial_number}", serial_number=self.serial_number))
        return ", ".join(part for part in parts if part)


def ports() -> list[Port]:
    """List every serial port of this computer, boards first."""
    connected = [
        Port(
            path=p.device,
            name=one_line(p.product or p.description or ""),
            vendor=p.vid,
            product=p.pid,
            serial_number=one_line(p.serial_number or ""),
        )
        for p in list_ports.comports()
    ]
    order = ["duo", "adapter", *STARTING, "usb", "other"]
    return sorted(connected, key=lambda port: (order.index(port.kind), port.path))


class SeveralBoards(UsageError):
    """Several boards may be meant by `auto`; `ports` are theirs."""

    def __init__(self, ports: Sequence[Port]) -> None:
        paths = " ".join(port.path for port in ports)
        super().__init__(_("several boards may be meant"), _("name one of {paths}", paths=paths))
        self.ports = tuple(ports)


def path_of(target: str) -> str:
    """Return the device path or URL of `target`. Raises as `port_of` does."""
    if target == "auto" or target.startswith(ID_PREFIX):
        return port_of(target, ports(), usb_devices()).path
    return target


def port_of(target: str, available: Sequence[Port], on_usb: Sequence[UsbDevice] = ()) -> Port:
    """Return the port of a target: what is known of it, though a path or a URL may not exist.

    Raises NoDevice if there is no board, or none of that serial number; raises SeveralBoards."""
    if target == "auto":
        return find_board(available, on_usb)
    if target.startswith(ID_PREFIX):
        return _numbered(target.removeprefix(ID_PREFIX), available)
    return listed(target, available) or Port(target, "", None, None, "")


def _numbered(number: str, available: Sequence[Port]) -> Port:
    same = [port for port in available if number and port.serial_number == number]
    if len(same) > 1:
        raise SeveralBoards(same)
    if not same:
        known = [f"{ID_PREFIX}{port.serial_number}" for port in available if port.serial_number]
        raise NoDevice(
            _("no port has the serial number {number}", number=number),
            hint_for(f"{ID_PREFIX}{number}", known, _("duotui devices lists those there are")),
        )
    return same[0]


def find_board(available: Sequence[Port], on_usb: Sequence[UsbDevice] = ()) -> Port:
    """The one port that `auto` means: the only Duo, else the only cable that may lead to one.

    Raises NoDevice if there is none, with what is `on_usb` in its place. Raises SeveralBoards.
    """
    for kind in ("duo", "adapter"):
        candidates = [port for port in available if port.kind == kind]
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise SeveralBoards(candidates)
    raise _no_board(available, on_usb)


def _no_board(available: Sequence[Port], on_usb: Sequence[UsbDevice]) -> NoDevice:
    sights = [port.unstarted for port in available if port.unstarted is not None]
    sights += without_port(on_usb, [port.path for port in available])
    if sights:
        sight = sights[0]
        return NoDevice(
            _("no port of a board was found, but {described}", described=sight.described),
            sight.mend,
        )
    others = _("name its port, or use sim") if HAS_PTYS else _("or name its port")
    return NoDevice(
        _(NOTHING_FOUND), _("plug one in with a cable that carries data, {others}", others=others)
    )


def listed(path: str, available: Sequence[Port]) -> Port | None:
    """The port with that path, or None. Windows ignores case: COM3 is com3."""
    if sys.platform == "win32":
        names = {path.upper()}
    else:  # /dev/serial/by-id has links
        names = {path, os.path.realpath(path)}
    return next((port for port in available if port.path in names), None)


def exists(path: str, available: Sequence[Port]) -> bool:
    """True if the port exists. A port of Windows is no file, so it must be listed."""
    return listed(path, available) is not None or (sys.platform != "win32" and os.path.exists(path))


def is_path(target: str) -> bool:
    """True if `target` may be a port's path, a URL or a serial number: a board that may come."""
    if target.startswith(ID_PREFIX):
        return True
    return "/" in target or (sys.platform == "win32" and _COM.fullmatch(target) is not None)


_COM = re.compile(r"COM[0-9]{1,3}", re.IGNORECASE)
