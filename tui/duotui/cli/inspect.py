"""duotui inspect: the contents and the costs of a packed model."""

import argparse
from pathlib import Path

from duotui.base.errors import Exit
from duotui.base.translation import untranslated as N_

HELP = N_("What a packed model holds, checked, and what it costs to tell from.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")


def run(options: argparse.Namespace) -> int:
    from duotui.targets import packer

    print(packer.inspect(options.file), end="")
    return Exit.OK
