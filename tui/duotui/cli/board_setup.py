"""Show the files that a board has and those it lacks, ask, and send them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.base.errors import Cancelled, UsageError
from duotui.base.progress import ProgressLine
from duotui.board.agent_launcher import open_shell
from duotui.board.installer import InstallPlan, install, install_files, plan_install
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.board.sd_card import install_on_card
from duotui.link.ports import path_of
from duotui.link.serial_transport import SerialTransport
from duotui.targets import packer

WRITE_TIMEOUT = 30.0
"""Seconds until a board that is busy with one block takes bytes of the next."""


@dataclass(frozen=True, slots=True)
class SetupOptions:
    target: str
    model: Path
    tokenizer: Path | None
    engine: Path = resources.BOARD
    yes: bool = False
    card: Path | None = None


def setup(options: SetupOptions, out: TextIO) -> None:
    """Set up a board behind a port, or a mounted card. Raises DuotuiError, and Cancelled if the
    user declines."""
    if options.target in ("sim", "virtual"):
        raise UsageError(f"{options.target} needs no setup", f"duotui {options.target} tells")
    model = packer.packed_model(options.model, options.tokenizer)
    if options.card is not None:
        for written in install_on_card(options.card, install_files(options.engine, model)):
            print(f"  {written}", file=out)
        print("ready: unmount the card, and put it into the board", file=out)
        return
    path = path_of(options.target)
    transport = SerialTransport(path, WRITE_TIMEOUT)
    try:
        spawn = TransportSpawn(transport)
        with open_shell(spawn, probe_peer(spawn)) as shell:
            plan = plan_install(shell, install_files(options.engine, model))
            _show(plan, path, out)
            if plan.missing and not options.yes:
                _ask(plan, out)
            line = ProgressLine(out)
            install(shell, plan, MonotonicClock(), lambda part, now: line.show(part.name, now))
        print(f"ready: duotui {path} tells from it", file=out)
    finally:
        transport.close()


def _show(plan: InstallPlan, path: str, out: TextIO) -> None:
    info = plan.info
    print(
        f"{path}: {info.kernel}, {info.memory / 2**20:.1f} MB of memory,"
        f" swap {'on' if info.swaps else 'off'}, {info.free_bytes / 1e6:.0f} MB free",
        file=out,
    )
    for part in plan.parts:
        size = part.source.stat().st_size / 1e6
        action = f"to {'replace' if part in plan.replaced else 'send'}, {size:.1f} MB"
        print(f"  {part.target:<28} {action if part in plan.missing else 'is there'}", file=out)


def _ask(plan: InstallPlan, out: TextIO) -> None:
    if not sys.stdin.isatty():
        raise UsageError("setup asks before it changes a board", "--yes says yes")
    print(f"Send {plan.size / 1e6:.1f} MB? [Y/n] ", end="", file=out, flush=True)
    if sys.stdin.readline().strip().lower() not in ("", "y", "yes"):
        raise Cancelled("nothing was changed")
