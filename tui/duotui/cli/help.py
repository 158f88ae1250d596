"""duotui help: the commands in a line each, or the help of one of them."""

import argparse

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli.commands import COMMANDS, command_of, no_such_command, parser_of

HELP = N_("The commands, or the help of one of them.")

CONSOLE_LINE = "duotui [TARGET]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("command", nargs="?", metavar="COMMAND", help=_("to explain"))


def run(options: argparse.Namespace) -> int:
    if options.command is None:
        print(_overview())
    elif options.command in COMMANDS:
        print(parser_of(options.command).format_help(), end="")
    else:
        raise no_such_command(options.command)
    return Exit.OK


def _overview() -> str:
    rows = [(CONSOLE_LINE, command_of("").HELP)]
    rows += [(f"duotui {name}", command_of(name).HELP) for name in COMMANDS]
    width = max(len(name) for name, text in rows)
    lines = [f"  {name:<{width}}  {_(text)}" for name, text in rows]
    return "\n".join([*lines, "", _("duotui help COMMAND, or duotui COMMAND --help, tells more.")])
