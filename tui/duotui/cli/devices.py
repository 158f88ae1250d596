"""duotui devices: the ports of this computer, and the simulated Duo."""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from duotui.base.errors import Exit
from duotui.base.json_text import json_text
from duotui.base.oscompat import HAS_PTYS
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli.arguments import add_json_argument

HELP = N_("The serial ports of this computer, boards first, and boards on USB without one.")

NAMES = ("path", "kind", "described", "mend")
SIMULATED = ("sim", "sim", N_("the simulated Duo: the same engine, on this computer"), "")

WATCH_SECONDS = 0.5
"""Seconds between two looks at the ports."""

Row = tuple[str, str, str, str]
"""A device; its fields are NAMES."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)
    parser.add_argument(
        "--watch", action="store_true", help=_("then show what comes and goes, until Ctrl+C")
    )


def run(options: argparse.Namespace) -> int:
    rows = devices()
    if options.watch:
        watch(itertools.chain([rows], _looks(time.sleep)), options.json, sys.stdout)
    elif options.json:
        print(json_text([dict(zip(NAMES, row, strict=True)) for row in rows]), end="")
    else:
        if not rows:
            print(_("no serial port was found; plug the board in"), file=sys.stderr)
        print_rows(rows, sys.stdout)
    return Exit.OK


def devices() -> list[Row]:
    """Return the ports, the boards on USB without one, and the simulated Duo."""
    from duotui.link.ports import ports
    from duotui.link.usb_devices import usb_devices, without_port

    listed = ports()
    rows = [
        (port.path, port.kind, port.described, port.unstarted.mend if port.unstarted else "")
        for port in listed
    ]
    for device in without_port(usb_devices(), [port.path for port in listed]):
        rows.append((device.path, device.kind, device.described, device.mend))
    return [*rows, (*SIMULATED[:2], _(SIMULATED[2]), "")] if HAS_PTYS else rows


def print_rows(rows: Sequence[Row], out: TextIO, sign: str = "") -> None:
    width = max((len(path) for path, *_ in rows), default=0)
    for path, kind, described, mend in rows:
        print(f"{sign}{path:<{width}}  {kind:<7}  {described}", file=out)
        if mend:
            print(f"{sign}{'':<{width}}  {'':<7}  -> {mend}", file=out)
    out.flush()


def watch(looks: Iterable[Sequence[Row]], as_json: bool, out: TextIO) -> None:
    """Print the devices of the first look, and then what has come (`+`) and what has gone (`-`).

    With `as_json` each device is an object in a line of its own."""
    before: Sequence[Row] = ()
    for number, rows in enumerate(looks):
        come = [row for row in rows if row not in before]
        gone = [row for row in before if row not in rows]
        if as_json:
            changes = [*(("gone", row) for row in gone), *(("come", row) for row in come)]
            for change, row in changes:
                fields = dict(zip(NAMES, row, strict=True))
                print(json.dumps({"change": change, **fields}), file=out, flush=True)
        else:
            print_rows(gone, out, "- ")
            print_rows(come, out, "+ " if number else "")
        before = rows


def _looks(sleep: Callable[[float], object]) -> Iterable[list[Row]]:
    while True:
        sleep(WATCH_SECONDS)
        yield devices()
