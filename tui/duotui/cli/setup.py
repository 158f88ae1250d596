"""duotui setup: install the engine, a model and scripts on a board."""

import argparse
import sys
from pathlib import Path

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.errors import Exit, UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli import resolve
from duotui.cli.target import add_target_arguments, target_of

HELP = N_("Put the storyteller on a board, over its own line; shows what first.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument("--model", type=Path, metavar="FILE", help=_(".duo, .bin, or a name"))
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help=_("beside --model"))
    parser.add_argument("--engine", type=Path, metavar="FILE", help=_("another duollama for it"))
    parser.add_argument("--sd", type=Path, metavar="FOLDER", help=_("its card, mounted there"))
    parser.add_argument(
        "--net",
        nargs="?",
        const="",
        metavar="HOST",
        help=_("by ssh, as a network card (its address)"),
    )
    parser.add_argument("--undo", action="store_true", help=_("remove it all, put back what was"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def run(options: argparse.Namespace) -> int:
    from duotui.board.installer import install_files
    from duotui.cli.board_setup import BoardSetup
    from duotui.cli.card_setup import set_up_card
    from duotui.cli.setup_dialog import SetupDialog, SetupOptions
    from duotui.targets import packer

    if options.target in ("sim", "virtual"):
        raise UsageError(
            _("{target} needs no setup", target=options.target),
            _("duotui {target} tells", target=options.target),
        )
    over_line = options.sd is None and options.net is None
    model, tokenizer = resolve.files(options)
    setup_options = SetupOptions(
        target=target_of(options) if over_line else "auto",
        model=model,
        tokenizer=tokenizer,
        engine=options.engine or resources.BOARD,
        yes=options.yes,
        card=options.sd,
        undo=options.undo,
        net=DUO_64M.network_address if options.net == "" else options.net,
    )
    files = install_files(setup_options.engine, packer.packed_model(model, tokenizer))
    if options.sd is not None:
        set_up_card(setup_options, options.sd, files, SetupDialog(options.yes, sys.stdout))
    else:
        BoardSetup(setup_options, sys.stdout).run(files)
    return Exit.OK
