"""The command line. The one place that prints errors and chooses the exit status.

duotui [TARGET]           the console; TARGET is auto, sim, virtual, a port or a URL
duotui tell [PROMPT]      no screen
duotui judge [TARGET]     the contest's 30 runs: the same story, and how fast
duotui setup [TARGET]     puts the storyteller on a board
duotui doctor [TARGET]    what is wrong between here and a board's story, and what mends it
duotui model list|get     models that are known by name, to tell from with --model
duotui devices            the ports of this computer
duotui replay FILE        a recording, in the console
duotui pack MODEL         a llama2.c model, as a board reads it
duotui inspect FILE       what a packed model holds and costs
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from duotui import resources
from duotui.arguments import COMMANDS, parser_of
from duotui.config import Settings, load
from duotui.core.clock import MonotonicClock
from duotui.core.events import Mode, Request
from duotui.core.session import Session, Sitting
from duotui.engines import packing
from duotui.errors import DuotuiError, Exit, NoDevice, UsageError

if TYPE_CHECKING:
    from duotui.judge.race import Rival
    from duotui.jury import Jury
    from duotui.ui.screens.judge import Judged


def main(arguments: Sequence[str] | None = None) -> int:
    """Run duotui; the exit status (docs/exit-statuses.md)."""
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except DuotuiError as error:
        _complain(f"duotui: {error}")
        return error.exit
    except KeyboardInterrupt:
        return Exit.CANCELLED
    except BrokenPipeError:
        return Exit.UNEXPECTED
    finally:
        _settle(sys.stdout)


def _run(arguments: list[str]) -> int:
    command = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    options = parser_of(command).parse_args(arguments[1:] if command else arguments)
    match command:
        case "tell":
            _tell(options)
        case "judge":
            return _judge(options)
        case "setup":
            _setup(options)
        case "doctor":
            from duotui.doctor import doctor

            return doctor(options.target, options.json, sys.stdout)
        case "model":
            _model(options)
        case "devices":
            _devices(options.json)
        case "replay":
            _replay(options)
        case "pack":
            tokenizer = options.tokenizer or options.model.parent / "tokenizer.bin"
            print(packing.pack(options.model, tokenizer, options.modes, options.out))
        case "inspect":
            print(packing.inspect(options.file), end="")
        case _:
            _console(options)
    return Exit.OK


def _request(options: argparse.Namespace, usual: Request) -> Request:
    """`usual`, where the command line does not say otherwise."""
    said = {
        name: getattr(options, name)
        for name in ("prompt", "mode", "steps", "temperature", "top_p", "seed")
        if getattr(options, name) is not None
    }
    given = {name: getattr(usual, name) for name in usual.__slots__}
    return Request(**{**given, **said}).checked()


def _files(options: argparse.Namespace) -> tuple[Path, Path | None]:
    """The model of sim and baseline, and its tokenizer; a packed model has its own."""
    if options.model is None:
        return resources.MODEL, options.tokenizer or resources.TOKENIZER
    options.model = _named(options.model)
    if options.tokenizer is None and options.model.suffix == ".duo":
        return options.model, None
    return options.model, options.tokenizer or options.model.parent / "tokenizer.bin"


def _named(given: Path) -> Path:
    """The weights of a model that is known by name; else the file itself."""
    if given.parent.name or given.suffix or given.exists():
        return given
    from duotui import models

    model, store = models.find(str(given)), models.default_store()
    if not model.complete(store):
        raise UsageError(f"{given} is not here yet", f"duotui model get {given} fetches it")
    return model.path(store)


def _session(target: str, options: argparse.Namespace, baseline: bool) -> Session:
    from duotui.engines.board import Board
    from duotui.engines.sim import Sim
    from duotui.link.reader import Channel

    model, tokenizer = _files(options)
    board: Channel
    _check_sound(options.sound, target)
    match target:
        case "sim":
            board = Sim(model, tokenizer)
        case "virtual":
            from duotui.engines.virtual import Virtual, storyteller_card

            board = Virtual(storyteller_card(model, tokenizer), sound=options.sound)
        case _:
            board = Board(target)
    beside = Sim(model, tokenizer) if baseline else None
    return Session(board, beside, MonotonicClock(), lambda: random.randrange(1, 2**32))


def _check_sound(sound: Path | None, target: str) -> None:
    if sound is not None and target != "virtual":
        raise UsageError("--sound records the virtual Duo's loudspeaker", "name target virtual")


def _board_or_sim() -> str:
    """`auto` where there is a board, else `sim`."""
    from duotui.link.ports import find_board, ports

    try:
        find_board(ports())
    except NoDevice:
        return "sim"
    return "auto"


def _tell(options: argparse.Namespace) -> None:
    from duotui.tell import Options, tell

    request = _request(options, Request())
    target = options.target or _board_or_sim()
    if not options.target and target == "sim":
        print("no board was found: the simulated Duo tells", file=sys.stderr)
    session = _session(target, options, options.check)
    plan = Options(request, options.check, options.json, options.ids, options.record, options.speak)
    asyncio.run(tell(session, plan))


def _judge(options: argparse.Namespace) -> int:
    from duotui.court import Options
    from duotui.judging import Saying, judge, judge_outputs, judge_recording, judge_several

    if options.runs < 1 or options.warm < 0:
        raise UsageError(
            f"{options.runs} runs after {options.warm} cannot be judged",
            "--runs 30 is the contest's",
        )
    request = _request(options, Request(mode=Mode.EXACT))
    saying = Saying(options.headless, options.report, options.language)
    if options.outputs is not None:
        return judge_outputs(options.outputs, options.baseline, request, saying, sys.stdout)
    model, tokenizer = _files(options)
    plan = Options(
        options.target or _board_or_sim(), request, model, tokenizer, options.runs, options.warm,
        options.speak, options.anyway, options.baseline, options.record, _rival(options.beside),
    )  # fmt: skip
    show = None
    if _on_terminal() and not options.headless:
        show = partial(_show_court, settings=load(), ascii_only=options.ascii)
    if plan.rival is not None and show is None:
        raise UsageError("--beside needs a terminal: the race is shown there", "leave it out")
    if Path(plan.target).is_file():
        speed = _speed(options.speed)
        recording = Path(plan.target)
        return judge_recording(recording, plan, speed, saying, sys.stdout, sys.stderr, show)
    _check_sound(options.sound, plan.target)
    if "," in plan.target:
        if options.safe is not None:
            raise UsageError("--safe is for one board", "name one")
        return judge_several(plan, saying, sys.stdout, sys.stderr, show)
    if options.safe is not None and show is None:
        raise UsageError("--safe needs a terminal: a recording is shown there", "leave it out")
    return judge(plan, options.sound, saying, sys.stdout, sys.stderr, show, options.safe)


def _speed(speed: float) -> float:
    if not speed >= 0 or speed == float("inf"):
        raise UsageError(f"speed {speed} is not 0 or more", "2 is twice as fast")
    return speed


def _rival(recording: Path | None) -> "Rival | None":
    from duotui.core.player import Player
    from duotui.judge.race import rival

    if recording is None:
        return None
    found = rival(recording.stem, Player(recording).states())
    if found is None:
        raise UsageError(f"{recording} holds no whole story", "duotui tell --record makes one")
    return found


def _setup(options: argparse.Namespace) -> None:
    from duotui.provision import Options, setup

    model, tokenizer = _files(options)
    engine = options.engine or resources.BOARD
    setup(Options(options.target, model, tokenizer, engine, options.yes, options.sd), sys.stdout)


def _model(options: argparse.Namespace) -> None:
    from duotui import models
    from duotui.progress import ProgressLine

    store = models.default_store()
    if options.action == "get":
        if not options.name:
            raise UsageError("which model?", "duotui model list names those that are known")
        line = ProgressLine(sys.stderr)
        clock = MonotonicClock()
        print(models.get(models.find(options.name), store, clock, line.show, options.source or ""))
        return
    known = models.known()
    paths = {m.name: str(m.path(store)) if m.complete(store) else None for m in known}
    if options.json:
        rows = [{"name": m.name, "size": m.size, "path": paths[m.name]} for m in known]
        print(json.dumps(rows, indent=2))
        return
    for model in known:
        where = paths[model.name] or f"duotui model get {model.name}"
        print(f"{model.name:<12} {model.size / 1e6:5.1f} MB  {model.what}; {model.licence}")
        print(f"{'':<12} {where}")


def _devices(as_json: bool) -> None:
    from duotui.link.ports import ports

    found = ports()
    if as_json:
        rows = [{"path": p.path, "kind": p.kind, "described": p.described} for p in found]
        print(json.dumps([*rows, {"path": "sim", "kind": "sim", "described": _SIM}], indent=2))
        return
    width = max([len(port.path) for port in found] + [3])
    for port in found:
        print(f"{port.path:<{width}}  {port.kind:<7}  {port.described}")
    print(f"{'sim':<{width}}  {'sim':<7}  {_SIM}")


_SIM = "the simulated Duo: the same engine, on this computer"


def _replay(options: argparse.Namespace) -> None:
    from duotui.core.player import Player

    player = Player(options.file, _speed(options.speed))
    if _on_terminal():
        _show(player, load(), None, options.ascii)
    else:
        from duotui.tell import numbers

        state = player.last
        print(state.board.text)
        print(numbers(state), file=sys.stderr)


def _console(options: argparse.Namespace) -> None:
    if not _on_terminal():
        raise UsageError("the console needs a terminal", "duotui tell needs none")
    target = options.target or _board_or_sim()
    if not options.target and target == "sim":
        _offer_sim()
    settings = load()
    request = _request(options, settings.story)
    session = _session(target, options, not options.no_baseline)
    if options.record is not None:
        session.record(options.record)
    if options.theme:
        settings = replace(settings, theme=options.theme)
    settings = replace(settings, story=request)
    _show(session, settings, request if options.prompt is not None else None, options.ascii)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _offer_sim() -> None:
    print("No board was found. Enter starts the simulated Duo, Ctrl+C leaves.", file=sys.stderr)
    if not sys.stdin.readline():
        raise NoDevice("no board was found", "duotui sim starts the simulated one")


def _show_court(court: "Judged | Jury", settings: Settings, ascii_only: bool) -> None:
    from duotui.ui.app import DuoApp

    app = DuoApp(None, settings, ascii=ascii_only, court=court)
    app.run()
    if app.return_code:
        raise DuotuiError("the judge's view stopped", "the lines above say where")


def _show(sitting: Sitting, settings: Settings, first: Request | None, ascii_only: bool) -> None:
    from duotui.ui.app import DuoApp

    app = DuoApp(sitting, settings, ascii=ascii_only, first=first)
    app.run()
    if app.return_code:
        raise DuotuiError("the console stopped", "the lines above say where")


def _complain(line: str) -> None:
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


def _settle(stream: TextIO) -> None:
    """Flush; a reader that is gone must not become a second message from the interpreter."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
