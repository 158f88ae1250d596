"""duotui [TARGET], duotui tell and duotui replay: one story, in the console or without one."""

import argparse
import asyncio
import sys
from dataclasses import replace

from duotui.base.errors import NoDevice, UsageError
from duotui.cli import resolve
from duotui.cli.tell import TellOptions, numbers
from duotui.cli.tell import tell as tell_story
from duotui.protocol.request import Request
from duotui.session.replay import ReplaySession
from duotui.session.session import SessionProtocol
from duotui.settings.config_file import Settings, load


def console(options: argparse.Namespace) -> None:
    if not resolve.on_terminal():
        raise UsageError("the console needs a terminal", "duotui tell needs none")
    target = options.target or resolve.board_or_sim()
    if not options.target and target == "sim":
        _offer_sim()
    settings = load()
    request = resolve.request(options, settings.story)
    session = resolve.session(target, options, not options.no_baseline)
    if options.record is not None:
        session.record(options.record)
    if options.theme:
        settings = replace(settings, theme=options.theme)
    settings = replace(settings, story=request)
    _show(session, settings, request if options.prompt is not None else None, options.ascii)


def tell(options: argparse.Namespace) -> None:
    request = resolve.request(options, Request())
    target = options.target or resolve.board_or_sim()
    if not options.target and target == "sim":
        print("no board was found: the simulated Duo tells", file=sys.stderr)
    session = resolve.session(target, options, options.check)
    plan = TellOptions(
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
    player = ReplaySession(options.file, resolve.speed(options.speed))
    if resolve.on_terminal():
        _show(player, load(), None, options.ascii)
    else:
        state = player.last
        print(state.board.text)
        print(numbers(state), file=sys.stderr)


def _offer_sim() -> None:
    print("No board was found. Enter starts the simulated Duo, Ctrl+C leaves.", file=sys.stderr)
    if not sys.stdin.readline():
        raise NoDevice("no board was found", "duotui sim starts the simulated one")


def _show(
    session: SessionProtocol, settings: Settings, first: Request | None, ascii_only: bool
) -> None:
    from duotui.ui.app import ConsoleApp

    ConsoleApp(session, settings, ascii=ascii_only, first=first).show()
