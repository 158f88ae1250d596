"""duotui [TARGET]: a story in the console, beside that of the baseline."""

import argparse
import sys

from duotui import __version__
from duotui.base.errors import Exit, NoDevice, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli import resolve
from duotui.cli.arguments import add_ascii_argument, add_record_argument, add_story_arguments
from duotui.cli.target import add_target_arguments, target_of

HELP = N_("A small board tells a story, and you see that it is the right one.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument(
        "--version",
        action="version",
        version=f"duotui {__version__}",
        help=_("show program's version number and exit"),
    )
    parser.add_argument("-i", "--prompt", metavar="TEXT", help=_("begin to tell this at once"))
    parser.add_argument("--theme", help=_("of the console"))
    add_ascii_argument(parser)
    add_record_argument(parser)
    parser.add_argument("--no-baseline", action="store_true", help=_("do not compare"))
    add_story_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if not resolve.on_terminal():
        raise UsageError(_("the console needs a terminal"), _("duotui tell needs none"))
    target = target_of(options, board_or_sim)
    from duotui.settings.config_file import load

    settings = load()
    request = resolve.request(options, settings.story)
    session = resolve.session(target, options, baseline=not options.no_baseline)
    if options.record is not None:
        session.record(options.record)
    first = request if options.prompt is not None else None
    from duotui.ui.app import ConsoleApp

    ConsoleApp(
        session,
        settings,
        ascii=options.ascii,
        first=first,
        request=request,
        theme=options.theme or "",
    ).show()
    return Exit.OK


def board_or_sim() -> str:
    """Return `auto` if there is a board; else say why there is none, and offer `sim`."""
    missing = resolve.no_board()
    if not missing:
        return "auto"
    said = missing[0].upper() + missing[1:]
    print(_("{said}. Enter starts the simulated Duo, Ctrl+C leaves.", said=said), file=sys.stderr)
    if not sys.stdin.readline():
        raise NoDevice(missing, _("duotui sim starts the simulated one"))
    return "sim"
