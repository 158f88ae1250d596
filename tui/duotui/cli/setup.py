"""duotui setup: install the engine, a model and scripts on a board."""

import argparse
import sys
from pathlib import Path

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.errors import Exit
from duotui.cli import resolve
from duotui.cli.arguments import add_port_argument

HELP = "Put the storyteller on a board, over its own line; shows what first."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_port_argument(parser)
    parser.add_argument("--model", type=Path, metavar="FILE", help=".duo, .bin, or a name")
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="beside --model")
    parser.add_argument("--engine", type=Path, metavar="FILE", help="another duollama for it")
    parser.add_argument("--sd", type=Path, metavar="FOLDER", help="its card, mounted there")
    parser.add_argument(
        "--net", nargs="?", const="", metavar="HOST", help="by ssh, as a network card (its address)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    from duotui.cli.board_setup import SetupOptions, setup

    model, tokenizer = resolve.files(options)
    setup_options = SetupOptions(
        target=options.target,
        model=model,
        tokenizer=tokenizer,
        engine=options.engine or resources.BOARD,
        yes=options.yes,
        card=options.sd,
        net=DUO_64M.network_address if options.net == "" else options.net,
    )
    setup(setup_options, sys.stdout)
    return Exit.OK
