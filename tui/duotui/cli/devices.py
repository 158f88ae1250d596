"""duotui devices: the ports of this computer, and the simulated Duo."""

import argparse
import json
import sys

from duotui.base.errors import Exit
from duotui.base.oscompat import HAS_PTYS
from duotui.cli.arguments import add_json_argument

HELP = "The serial ports of this computer, boards first."

SIMULATED = ("sim", "sim", "the simulated Duo: the same engine, on this computer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from duotui.link.ports import ports

    rows = [(port.path, port.kind, port.described) for port in ports()]
    if HAS_PTYS:
        rows.append(SIMULATED)
    if options.json:
        names = ("path", "kind", "described")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
        return Exit.OK
    if not rows:
        print("no serial port was found; plug the board in", file=sys.stderr)
    width = max((len(path) for path, _, _ in rows), default=0)
    for path, kind, described in rows:
        print(f"{path:<{width}}  {kind:<7}  {described}")
    return Exit.OK
