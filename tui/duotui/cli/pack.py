"""duotui pack: pack a llama2.c model as a board reads it."""

import argparse
from pathlib import Path

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

HELP = N_("Pack a llama2.c model (.bin) as a board reads it (.duo).")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help=_("version 0 or 2"))
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help=_("beside it by default"))
    parser.add_argument("--modes", default="exact,fast", help=_("exact,fast or one of them"))
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help=_("MODEL.duo by default"))


def run(options: argparse.Namespace) -> int:
    from duotui.targets import packer

    tokenizer = options.tokenizer or options.model.parent / "tokenizer.bin"
    print(packer.pack_model(options.model, tokenizer, options.modes, options.out))
    return Exit.OK
