"""duotui doctor: checks of a board and its connection, each with the fix for its fault."""

import argparse
import sys

from duotui.cli.arguments import add_json_argument, add_port_argument

HELP = "Look at every link from the port to the board's loudspeaker."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_port_argument(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from duotui.board.doctor import doctor

    return doctor(options.target, options.json, sys.stdout)
