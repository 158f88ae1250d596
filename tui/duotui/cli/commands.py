"""The table of commands, and the parser of each.

The command line, its help, the completion and the man page read this table.
"""

import argparse
import importlib
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn, Protocol, cast

from duotui.base.errors import UsageError
from duotui.base.nearest import hint_for
from duotui.base.text_width import lines_of
from duotui.base.translation import gettext as _
from duotui.cli.arguments import add_log_arguments
from duotui.settings.config_file import LANGUAGE_CHOICES

CONSOLE = "duotui.cli.console"

COMMANDS: Mapping[str, str] = {
    "story": "duotui.cli.story",
    "tell": "duotui.cli.tell",
    "judge": "duotui.cli.judge",
    "setup": "duotui.cli.setup",
    "doctor": "duotui.cli.doctor",
    "model": "duotui.cli.model",
    "devices": "duotui.cli.devices",
    "config": "duotui.cli.config",
    "report-bug": "duotui.cli.report_bug",
    "replay": "duotui.cli.replay",
    "pack": "duotui.cli.pack",
    "inspect": "duotui.cli.inspect",
    "completion": "duotui.cli.completion",
    "help": "duotui.cli.help",
}
"""The module of each command, imported when the command is used. The console takes any other
arguments."""


class Command(Protocol):
    """Interface of a command's module."""

    HELP: str
    """Line at the top of `duotui COMMAND --help`."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> int:
        """Return the exit status. Raises DuotuiError."""


class CellFormatter(argparse.HelpFormatter):
    """argparse's layout by cells: a Chinese character takes two."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return lines_of(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in lines_of(text, width - len(indent)))


class CommandParser(argparse.ArgumentParser):
    """argparse with one line for an error, and the option that was meant. Raises UsageError."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(_("unrecognized arguments: %s").replace("%s", r"(-[^\s=]+)"), message)
        more = _("{program} --help tells more", program=self.prog)
        hint = hint_for(unknown[1], self._option_string_actions, more) if unknown else more
        raise UsageError(message, hint)


def command_of(name: str) -> Command:
    """Return the module of a command, or the console's for ""."""
    return cast("Command", importlib.import_module(COMMANDS.get(name, CONSOLE)))


def parser_of(name: str) -> CommandParser:
    """Return the parser of a command, or of the console for ""."""
    names = ", ".join(COMMANDS)
    parser = CommandParser(
        prog=f"duotui {name}".strip(),
        description=_(command_of(name).HELP),
        epilog="" if name else _("Commands: duotui {names}. Each has --help.", names=names),
        formatter_class=CellFormatter,
        allow_abbrev=False,
    )
    add_arguments_of(name, parser)
    return parser


def add_arguments_of(name: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command, and those that all have."""
    command_of(name).add_arguments(parser)
    add_log_arguments(parser)
    parser.add_argument("--language", choices=LANGUAGE_CHOICES, help=_("of the messages (auto)"))


def full_parser(words: Iterable[str] = ()) -> CommandParser:
    """Return the parser of the whole command line, for a man page and a shell's completion.

    `words` are targets that stand where a command does, with the console's options."""
    root = CommandParser(prog="duotui", description=_(command_of("").HELP), allow_abbrev=False)
    commands = root.add_subparsers(metavar="COMMAND", parser_class=CommandParser)
    for word in (*words, *COMMANDS):
        name = word if word in COMMANDS else ""
        text = _(command_of(name).HELP)
        add_arguments_of(name, commands.add_parser(word, help=text, description=text))
    add_arguments_of("", root)
    return root


def no_such_command(word: str) -> UsageError:
    """The error for a word that is no command, with the command that was meant."""
    hint = hint_for(word, COMMANDS, _("there are {names}", names=", ".join(COMMANDS)))
    return UsageError(_("there is no command {word}", word=word), hint)
