"""duotui devices: the ports of this computer, and the simulated Duo."""

import argparse
import sys

from duotui.base.errors import Exit
from duotui.base.json_text import json_text
from duotui.base.oscompat import HAS_PTYS
from duotui.cli.arguments import add_json_argument

HELP = "The serial ports of this computer, boards first, and boards on USB without one."

NAMES = ("path", "kind", "described", "mend")
SIMULATED = ("sim", "sim", "the simulated Duo: the same engine, on this computer", "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from duotui.link.ports import ports
    from duotui.link.usb_devices import usb_devices, without_port

    listed = ports()
    rows = [
        (port.path, port.kind, port.described, port.unstarted.mend if port.unstarted else "")
        for port in listed
    ]
    for device in without_port(usb_devices(), [port.path for port in listed]):
        rows.append((device.path, device.kind, device.described, device.mend))
    if HAS_PTYS:
        rows.append(SIMULATED)
    if options.json:
        print(json_text([dict(zip(NAMES, row, strict=True)) for row in rows]), end="")
        return Exit.OK
    if not rows:
        print("no serial port was found; plug the board in", file=sys.stderr)
    width = max((len(path) for path, *_ in rows), default=0)
    for path, kind, described, mend in rows:
        print(f"{path:<{width}}  {kind:<7}  {described}")
        if mend:
            print(f"{'':<{width}}  {'':<7}  -> {mend}")
    return Exit.OK
