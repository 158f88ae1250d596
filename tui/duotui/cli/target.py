"""The target that a command line means: checked, waited for, and asked for among several boards."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from duotui.base.clock import Clock, MonotonicClock
from duotui.base.errors import DuotuiError, NoDevice, UsageError
from duotui.base.nearest import hint_for
from duotui.base.translation import gettext as _
from duotui.cli.arguments import argument_type
from duotui.cli.commands import COMMANDS
from duotui.settings.setting import decimal_number

if TYPE_CHECKING:
    from duotui.link.ports import Port

WORDS = ("auto", "sim", "virtual")
"""Targets that are no port's name."""

POLL_SECONDS = 0.5
"""Seconds between two looks for a board that is waited for."""

GRACE_SECONDS = 2.0
"""Seconds in which a new port gets its permissions: udev sets them after the file is there."""

MAX_WAIT = 7 * 24 * 3600.0


def add_target_arguments(
    parser: argparse.ArgumentParser, *names: str, default: str | None = None, more: str = ""
) -> None:
    """Add the target of a command, and `--wait`. `names` are those of an option; by default the
    target is a positional argument. `more` is what it may be, too."""
    text = _("auto, sim, virtual, a port, id:SERIAL or a URL") + more
    if names:
        parser.add_argument(*names, dest="target", default=default, help=text)
    else:
        parser.add_argument("target", nargs="?", default=default, help=text)
    parser.add_argument(
        "--wait",
        nargs="?",
        type=argument_type(decimal_number(0, MAX_WAIT)),
        const=math.inf,
        metavar="SECONDS",
        help=_("for a board that is not plugged in yet; give the target before it"),
    )
    parser.add_argument(
        "--trace", type=Path, metavar="FILE", help=_("append the bytes of the serial links to it")
    )


def target_of(options: argparse.Namespace, without: Callable[[], str] = lambda: "auto") -> str:
    """Return the target of a command line: for one board of several, its port.

    `without` returns the target where none is named and no board is waited for. Raises UsageError
    for a word that can be none, NoDevice for a board that did not come, SeveralBoards.
    """
    named, seconds = options.target, options.wait
    if named is not None and not named.strip():  # a script's "$PORT" without a port
        raise UsageError(_("the target is empty"), _("duotui devices lists the ports"))
    for word in (named or "auto").split(","):
        check_word(word)
    if seconds is not None and named not in ("sim", "virtual"):
        return wait_for_board(named or "auto", seconds)
    target = named or without()
    return _one_of_several(target)


def check_word(word: str) -> None:
    """Check that `word` can be a target, or is a file. Raises UsageError with the nearest one."""
    from duotui.link.ports import is_path

    if word in WORDS or is_path(word) or os.path.exists(word):
        return
    known = [*WORDS, *COMMANDS]
    if word and os.path.exists(f"/dev/{word}"):
        known.append(f"/dev/{word}")
    hint = hint_for(word, known, _("duotui help lists the commands"))
    raise UsageError(_("there is no command or target {word!r}", word=word), hint)


def wait_for_board(
    target: str,
    seconds: float,
    clock: Clock | None = None,
    sleep: Callable[[float], object] = time.sleep,
    err: TextIO | None = None,
) -> str:
    """Return `target`, once each of its ports is there and may be opened; for one board of several,
    the port that the user chose. Raises NoDevice after `seconds`."""
    clock, err = clock or MonotonicClock(), err or sys.stderr
    until, said, seen = clock.now() + seconds, False, math.inf
    while True:
        try:
            chosen = _one_of_several(target)
            paths = [_present(each) for each in chosen.split(",")]
            seen = min(seen, clock.now())
            if all(map(_may_be_opened, paths)) or clock.now() >= seen + GRACE_SECONDS:
                return chosen
        except NoDevice as error:
            seen = math.inf
            if clock.now() >= until:
                raise NoDevice(error.message, _("it did not come in time")) from error
            if not said:
                waits = _("{message}; waiting for it, Ctrl+C ends", message=error.message)
                print(f"duotui: {waits}", file=err, flush=True)
            said = True
        sleep(POLL_SECONDS)


def _present(target: str) -> str:
    """Return the path of a port that is there. Raises NoDevice."""
    from duotui.link.ports import exists, path_of, ports

    path = path_of(target)
    if "://" not in path and path not in WORDS and not exists(path, ports()):
        raise NoDevice(_("there is no port {path}", path=path), _("plug the board in"))
    return path


def _may_be_opened(path: str) -> bool:
    """True if this user may open a port; of a URL or a port of Windows only opening tells."""
    return not os.path.exists(path) or os.access(path, os.R_OK | os.W_OK)


# Several boards


def _one_of_several(target: str) -> str:
    """Return the port that the user chooses, if `target` may be several boards and there is a
    terminal; else `target`. Raises SeveralBoards without a terminal, Cancelled."""
    from duotui.link.ports import ID_PREFIX, SeveralBoards, path_of

    if target != "auto" and not target.startswith(ID_PREFIX):
        return target
    try:
        path_of(target)
    except SeveralBoards as several:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        return choose_port(several.ports, several, sys.stdin, sys.stderr)
    except DuotuiError:
        pass  # whoever opens it says so, and may go on without a board
    return target


def choose_port(
    ports: Sequence[Port], unanswered: DuotuiError, answers: TextIO, out: TextIO
) -> str:
    """Show `ports` by number, and return the path of the one that is answered. Raises `unanswered`
    at the end of `answers`."""
    width = max(len(port.path) for port in ports)
    print(_("several boards may be meant:"), file=out)
    for number, port in enumerate(ports, 1):
        print(f"  {number}  {port.path:<{width}}  {port.described}", file=out)
    while True:
        print(_("which one? [1-{last}]", last=len(ports)), end=" ", file=out, flush=True)
        answer = answers.readline()
        if not answer:
            print(file=out)
            raise unanswered
        known = {str(number): port.path for number, port in enumerate(ports, 1)}
        known |= {port.path: port.path for port in ports}
        if answer.strip() in known:
            return known[answer.strip()]
