"""duotui [TARGET], duotui tell and duotui replay: one story, in the console or without one."""

import argparse
import asyncio
import sys
from dataclasses import replace

from duotui.commands import asked
from duotui.config import Settings, load
from duotui.core.events import Request
from duotui.core.player import Player
from duotui.core.session import Sitting
from duotui.errors import NoDevice, UsageError
from duotui.tell import Options, numbers
from duotui.tell import tell as tell_story


def console(options: argparse.Namespace) -> None:
    if not asked.on_terminal():
        raise UsageError("the console needs a terminal", "duotui tell needs none")
    target = options.target or asked.board_or_sim()
    if not options.target and target == "sim":
        _offer_sim()
    settings = load()
    request = asked.request(options, settings.story)
    session = asked.session(target, options, not options.no_baseline)
    if options.record is not None:
        session.record(options.record)
    if options.theme:
        settings = replace(settings, theme=options.theme)
    settings = replace(settings, story=request)
    _show(session, settings, request if options.prompt is not None else None, options.ascii)


def tell(options: argparse.Namespace) -> None:
    request = asked.request(options, Request())
    target = options.target or asked.board_or_sim()
    if not options.target and target == "sim":
        print("no board was found: the simulated Duo tells", file=sys.stderr)
    session = asked.session(target, options, options.check)
    plan = Options(
        request=request,
        mode_is_named=options.mode is not None,
        check=options.check,
        as_json=options.json,
        ids=options.ids,
        record=options.record,
        speak=options.speak,
    )
    asyncio.run(tell_story(session, plan))


def replay(options: argparse.Namespace) -> None:
    player = Player(options.file, asked.speed(options.speed))
    if asked.on_terminal():
        _show(player, load(), None, options.ascii)
    else:
        state = player.last
        print(state.board.text)
        print(numbers(state), file=sys.stderr)


def _offer_sim() -> None:
    print("No board was found. Enter starts the simulated Duo, Ctrl+C leaves.", file=sys.stderr)
    if not sys.stdin.readline():
        raise NoDevice("no board was found", "duotui sim starts the simulated one")


def _show(sitting: Sitting, settings: Settings, first: Request | None, ascii_only: bool) -> None:
    from duotui.ui.app import DuoApp

    DuoApp(sitting, settings, ascii=ascii_only, first=first).show()
