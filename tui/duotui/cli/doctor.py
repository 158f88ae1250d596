"""duotui doctor: checks of a board and its connection, each with the fix for its fault."""

import argparse
import sys

from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli.arguments import add_json_argument
from duotui.cli.target import add_target_arguments, target_of

HELP = N_("Look at every link from the port to the board's loudspeaker.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("--tone", action="store_true", help=_("have the board play a tone"))


def run(options: argparse.Namespace) -> int:
    from duotui.board.doctor import doctor

    return doctor(target_of(options), options.json, sys.stdout, tone=options.tone)
