"""The command line, the only place that prints errors and chooses the exit status."""

import argparse
import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NoReturn, Protocol, cast

from duotui.base.errors import Cancelled, DuotuiError, UsageError, unexpected
from duotui.base.json_text import json_text
from duotui.base.oscompat import interrupts_raise
from duotui.base.standard_streams import Stdout, standard_streams
from duotui.base.translation import gettext as _
from duotui.base.translation import use_language
from duotui.settings.config_file import LANGUAGE_CHOICES, language, load

CONSOLE = "duotui.cli.console"

COMMANDS: Mapping[str, str] = {
    "story": "duotui.cli.story",
    "tell": "duotui.cli.tell",
    "judge": "duotui.cli.judge",
    "setup": "duotui.cli.setup",
    "doctor": "duotui.cli.doctor",
    "model": "duotui.cli.model",
    "devices": "duotui.cli.devices",
    "replay": "duotui.cli.replay",
    "pack": "duotui.cli.pack",
    "inspect": "duotui.cli.inspect",
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


class _Parser(argparse.ArgumentParser):
    """argparse with one line for an error. Raises UsageError."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, _("{program} --help tells more", program=self.prog))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run duotui, and return its exit status (docs/exit-statuses.md)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    with standard_streams() as stdout, interrupts_raise():
        try:
            use_language(language(load(), _language_option(words)))
            status = _run(words)
            stdout.flush()
        except KeyboardInterrupt:
            return _fail(Cancelled(_("stopped")), words, stdout)
        except DuotuiError as error:
            return _fail(error, words, stdout)
        except Exception as error:
            return _fail(unexpected(error), words, stdout)
        return status


def _fail(error: DuotuiError, words: Sequence[str], stdout: Stdout) -> int:
    """Print `error`: one line on stderr, and an object on stdout if JSON is promised there."""
    if error.__cause__ is not None and os.environ.get("DUOTUI_TRACEBACK"):
        traceback.print_exception(error.__cause__)
    print(f"duotui: {error}", file=sys.stderr)
    if not stdout.is_written and _JSON_OPTIONS.intersection(words):
        value = {"message": error.message, "hint": error.hint, "status": error.exit}
        with contextlib.suppress(DuotuiError):
            stdout.write(json_text({"error": value}))
            stdout.flush()
    return error.exit


_JSON_OPTIONS = frozenset({"--json", "--headless"})
"""Options after which stdout is JSON, also if the command fails."""


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    command = cast("Command", importlib.import_module(COMMANDS.get(name, CONSOLE)))
    try:
        options = _parser(name, command).parse_args(arguments[1:] if name else arguments)
    except SystemExit as end:  # after --help and --version
        return int(end.code or 0)
    return command.run(options)


def _parser(name: str, command: Command) -> argparse.ArgumentParser:
    """Return the parser of a command, or of the console for ""."""
    epilog = (
        "" if name else _("Commands: duotui {names}. Each has --help.", names=", ".join(COMMANDS))
    )
    parser = _Parser(
        prog=f"duotui {name}".strip(),
        description=_(command.HELP),
        epilog=epilog,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    parser.add_argument("--language", choices=LANGUAGE_CHOICES, help=_("of the messages (auto)"))
    return parser


def _language_option(words: Sequence[str]) -> str:
    """The value of --language, which the parser's own help needs; "" if it is not given, or bad."""
    given = [value for name, value in pairwise(words) if name == "--language"]
    given += [word.partition("=")[2] for word in words if word.startswith("--language=")]
    return given[-1] if given and given[-1] in LANGUAGE_CHOICES else ""
