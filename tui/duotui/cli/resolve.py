"""What the options of a command ask for, as the program knows it."""

import argparse
import random
import sys
from pathlib import Path

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.base.errors import NoDevice, UsageError
from duotui.base.oscompat import HAS_PTYS
from duotui.protocol.request import Request
from duotui.session.session import Session


def request(options: argparse.Namespace, usual: Request) -> Request:
    """`usual`, where the command line does not say otherwise."""
    said = {
        name: getattr(options, name)
        for name in ("prompt", "mode", "steps", "temperature", "top_p", "seed")
        if getattr(options, name, None) is not None
    }
    given = {name: getattr(usual, name) for name in usual.__slots__}
    return Request(**{**given, **said}).checked()


def files(options: argparse.Namespace) -> tuple[Path, Path | None]:
    """The model of sim and baseline, and its tokenizer; a packed model has its own."""
    if options.model is None:
        return resources.MODEL, options.tokenizer
    options.model = _named(options.model)
    if options.tokenizer is None and options.model.suffix == ".duo":
        return options.model, None
    return options.model, options.tokenizer or options.model.parent / "tokenizer.bin"


def _named(given: Path) -> Path:
    """The weights of a model that is known by name; else the file itself."""
    if given.parent.name or given.suffix or given.exists():
        return given
    from duotui.targets import model_store

    model, store = model_store.find(str(given)), model_store.default_store()
    if not model.complete(store):
        raise UsageError(f"{given} is not here yet", f"duotui model get {given} fetches it")
    return model.path(store)


def session(target: str, options: argparse.Namespace, baseline: bool) -> Session:
    from duotui.link.port_thread import Channel
    from duotui.targets.board import BoardTarget
    from duotui.targets.engine_binary import find_engine, prepare_engine
    from duotui.targets.simulator import SimulatedDuo, check_can_simulate

    model, tokenizer = files(options)
    board: Channel
    check_sound(options.sound, target)
    match target:
        case "sim":
            check_can_simulate()
            find_engine()  # where it cannot be had, that is said before anything is opened
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


def check_sound(sound: Path | None, target: str) -> None:
    if sound is not None and target != "virtual":
        raise UsageError("--sound records the virtual Duo's loudspeaker", "name target virtual")


def board_or_sim() -> str:
    """`auto` where there is a board, else `sim`. Raises NoDevice where that cannot run either."""
    from duotui.link.ports import find_board, ports

    try:
        find_board(ports())
    except NoDevice:
        if not HAS_PTYS:
            raise
        return "sim"
    return "auto"


def speed(speed: float) -> float:
    if not speed >= 0 or speed == float("inf"):
        raise UsageError(f"speed {speed} is not 0 or more", "2 is twice as fast")
    return speed


def on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
