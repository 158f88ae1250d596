"""Serial ports: which there are, which is the board, and what `auto` means.

A target is `auto`, `sim` (not a port: engines/sim.py), a device path, or a URL that pyserial
knows (`socket://`, `rfc2217://`). A port without a USB vendor is never opened unasked: it
may be a modem or a loudspeaker.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from duotui.errors import NoDevice, UsageError

DUO_VENDOR = 0x3346
"""The gadget of the Duo's images; the product differs with what was probed first."""

ADAPTERS = {0x0403: "FTDI", 0x067B: "Prolific", 0x10C4: "Silicon Labs", 0x1A86: "WCH"}
"""Makers of the USB-to-UART cables that lead to the Duo's pins 16 and 17."""


@dataclass(frozen=True, slots=True)
class Port:
    path: str
    name: str
    vendor: int | None
    product: int | None
    serial_number: str

    @property
    def kind(self) -> str:
        if self.vendor == DUO_VENDOR:
            return "duo"
        if self.vendor in ADAPTERS:
            return "adapter"
        return "usb" if self.vendor is not None else "other"

    @property
    def described(self) -> str:
        parts = [self.name]
        if self.vendor is not None:
            parts.append(f"{self.vendor:04x}:{self.product or 0:04x}")
        if self.serial_number:
            parts.append(f"serial {self.serial_number}")
        return ", ".join(part for part in parts if part)


def ports() -> list[Port]:
    """Every serial port of this computer, boards first."""
    found = [
        Port(p.device, p.product or p.description or "", p.vid, p.pid, p.serial_number or "")
        for p in list_ports.comports()
    ]
    order = ["duo", "adapter", "usb", "other"]
    return sorted(found, key=lambda port: (order.index(port.kind), port.path))


def path_of(target: str) -> str:
    """The device path or URL that `target` means: of `auto`, the board's. Raises as find_board."""
    return find_board(ports()).path if target == "auto" else target


def find_board(found: Sequence[Port]) -> Port:
    """The one port that `auto` means: the only Duo, else the only cable that may lead to one.

    Raises NoDevice where there is none, UsageError where there are several.
    """
    for kind in ("duo", "adapter"):
        candidates = [port for port in found if port.kind == kind]
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            paths = " ".join(port.path for port in candidates)
            raise UsageError("several boards may be meant", f"name one of {paths}")
    raise NoDevice("no board was found", "plug one in, name its port, or use sim")


def holders(path: str, proc: Path = Path("/proc")) -> Iterable[str]:
    """Programs that have `path` open, as `name (pid N)`; what this user may see of them."""
    real = os.path.realpath(path)
    for folder in proc.glob("[0-9]*"):
        try:
            files = [os.readlink(entry) for entry in (folder / "fd").iterdir()]
            if real in files and int(folder.name) != os.getpid():
                yield f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
        except OSError:
            continue
