"""duotui replay: a recording in the console, or its story without one."""

import argparse
import sys
from pathlib import Path

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli import resolve
from duotui.cli.arguments import SPEED, add_ascii_argument

HELP = N_("Show a recording in the console; without a terminal, its story.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--speed", type=SPEED, default=1.0, help=_("2: twice as fast, 0: at once"))
    add_ascii_argument(parser)


def run(options: argparse.Namespace) -> int:
    from duotui.cli.run_summary import numbers
    from duotui.session.replay import ReplaySession

    recording = resolve.recording(options.file)
    session = ReplaySession(recording, options.speed)
    if resolve.on_terminal():
        from duotui.settings.config_file import load
        from duotui.ui.app import ConsoleApp

        ConsoleApp(session, load(), ascii=options.ascii).show()
    else:
        print(recording.last.board.text)
        print(numbers(recording.last), file=sys.stderr)
    return Exit.OK
