"""Trees of sysfs: what a computer shows of a board on USB.

The vectors were read on the virtual Duo, from the other end of its USB cable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.paths import VECTORS

if TYPE_CHECKING:
    from pathlib import Path


def plug_in(sysfs: Path, vector: str, product: str = "") -> Path:
    """Make the tree of a vector below `sysfs`, with another product id if one is given. Return the
    device's folder there."""
    text = (VECTORS / f"sysfs-{vector}.txt").read_text("utf-8")
    for line in text.splitlines():
        name, sign, value = line.partition(" = ")
        name, target = (name, "") if sign else line.split(" -> ")
        path = sysfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target:
            path.symlink_to(target)
        else:
            path.write_text(f"{product or value if path.name == 'idProduct' else value}\n")
    return sysfs / "bus/usb/devices/1-1"


def attach(sysfs: Path, *, role: str = "[source] sink", known: bool = True) -> Path:
    """Make a USB-C socket with a partner; return its USB port. Its `power_role` is `role`. If it is
    `known` which USB port it has, a link leads there."""
    usb_port = sysfs / "devices/pci0000:00/0000:00:14.0/usb1/1-0:1.0/usb1-port3"
    socket = sysfs / "class/typec/port0"
    for folder in (usb_port, socket, sysfs / "class/typec/port0-partner"):
        folder.mkdir(parents=True)
    (socket / "power_role").write_text(f"{role}\n")
    if known:
        (socket / usb_port.name).symlink_to(usb_port)
    return usb_port
