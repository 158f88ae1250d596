"""The objects that a command's options ask for: request, model, session, target."""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.base.errors import NoDevice, UsageError
from duotui.base.oscompat import HAS_PTYS
from duotui.base.progress import ReadingLine
from duotui.base.translation import gettext as _
from duotui.protocol.request import Request

if TYPE_CHECKING:
    from duotui.session.recording import Recording
    from duotui.session.session import Session


def request(options: argparse.Namespace, usual: Request) -> Request:
    """Return `usual` with the fields that the command line sets. Raises UsageError."""
    names = [field.name for field in fields(Request)]
    values = {name: getattr(options, name, None) for name in names}
    given = {name: value for name, value in values.items() if value is not None}
    return replace(usual, **given).checked()


def files(options: argparse.Namespace) -> tuple[Path, Path | None]:
    """Return the model of the simulated Duo and the baseline, and its tokenizer; None if the model
    contains it.

    A model that is known by name and not here yet is fetched, if the user agrees on a terminal.
    Raises UsageError otherwise.
    """
    if options.model is None:
        return resources.MODEL, options.tokenizer
    model = _named(options.model)
    if options.tokenizer is None and model.suffix == ".duo":
        return model, None
    return model, options.tokenizer or model.parent / "tokenizer.bin"


def _named(given: Path) -> Path:
    """Return the weights of a model that is known by name, or the file `given` itself."""
    if given.parent.name or given.suffix or given.exists():
        return given
    from duotui.targets import model_store

    model, store = model_store.find(str(given)), model_store.default_store()
    if not model.complete(store):
        from duotui.cli.model_fetch import fetch_model, is_wanted

        if is_wanted(model, sys.stdin, sys.stderr):
            return fetch_model(model)
        raise UsageError(
            _("{given} is not here yet", given=given),
            _("duotui model get {given} fetches it", given=given),
        )
    return model.path(store)


def session(target: str, options: argparse.Namespace, *, baseline: bool) -> Session:
    """Return a session with `target`, not opened yet. Raises DuotuiError."""
    from duotui.link.port_thread import Channel
    from duotui.session.session import Session
    from duotui.targets.board import BoardTarget
    from duotui.targets.engine_binary import find_engine, prepare_engine
    from duotui.targets.simulator import SimulatedDuo, check_can_simulate

    model, tokenizer = files(options)
    board: Channel
    check_sound(options.sound, target)
    match target:
        case "sim":
            check_can_simulate()
            find_engine()  # fail before the session opens if there is no engine
            board = SimulatedDuo(model, tokenizer)
        case "virtual":
            from duotui.targets.virtual_duo import VirtualDuo, prepared_card

            board = VirtualDuo(prepared_card(model, tokenizer), sound=options.sound)
        case _:
            board = BoardTarget(target)
    if baseline:
        prepare_engine()
    beside = SimulatedDuo(model, tokenizer) if baseline else None
    return Session(board, beside, MonotonicClock(), lambda: random.randrange(1, 2**32))


def recording(path: Path) -> Recording:
    """Read a recording, with its progress on stderr if that takes long. Raises UsageError."""
    from duotui.session.recording import Recording

    return Recording(path, ReadingLine(path.name, sys.stderr, MonotonicClock()).show)


def check_sound(sound: Path | None, target: str) -> None:
    """Check that the target has a loudspeaker to record. Raises UsageError."""
    if sound is not None and target != "virtual":
        raise UsageError(
            _("--sound records the virtual Duo's loudspeaker"), _("name target virtual")
        )


def board_or_sim() -> str:
    """Return `auto` if there is a board, else `sim`, and then print why, and that the simulated Duo
    tells. Raises NoDevice if `sim` cannot run."""
    missing = no_board()
    if missing:
        print(_("{missing}: the simulated Duo tells", missing=missing), file=sys.stderr)
    return "sim" if missing else "auto"


def board_or_question(*, ask: bool) -> str:
    """Return `auto` if there is a board; else `ask` a user at a terminal whether this computer is
    meant. Raises NoDevice if it is not."""
    missing = no_board()
    if not missing:
        return "auto"
    refusal = NoDevice(missing, _("duotui judge sim judges this computer, which is no Duo"))
    if not (ask and on_terminal()):
        raise refusal
    said = missing[0].upper() + missing[1:]
    question = _("{said}. Judge this computer, which is no Duo? [y/N] ", said=said)
    print(question, end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise refusal
    return "sim"


def no_board() -> str:
    """Return why there is no board to talk to, "" if there is one. Raises NoDevice if `sim` cannot
    stand in for it."""
    from duotui.link.ports import NOTHING_FOUND, SeveralBoards, path_of

    try:
        path_of("auto")
    except SeveralBoards:
        pass
    except NoDevice as error:
        if not HAS_PTYS:
            raise
        return error.message if error.message == _(NOTHING_FOUND) else str(error)
    return ""


def on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
