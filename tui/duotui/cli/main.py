"""The command line, the only place that prints errors and chooses the exit status."""

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol, TextIO, cast

from duotui.base.errors import DuotuiError, Exit, UsageError
from duotui.base.oscompat import make_writable

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
        raise UsageError(message, f"{self.prog} --help tells more")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run duotui, and return its exit status (docs/exit-statuses.md)."""
    for stream in (sys.stdout, sys.stderr):
        make_writable(stream)
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except DuotuiError as error:
        _print_error(f"duotui: {error}")
        return error.exit
    except KeyboardInterrupt:
        return Exit.CANCELLED
    except BrokenPipeError:
        return Exit.UNEXPECTED
    finally:
        _flush(sys.stdout)


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    command = cast("Command", importlib.import_module(COMMANDS.get(name, CONSOLE)))
    options = _parser(name, command).parse_args(arguments[1:] if name else arguments)
    return command.run(options)


def _parser(name: str, command: Command) -> argparse.ArgumentParser:
    """Return the parser of a command, or of the console for ""."""
    epilog = "" if name else f"Commands: duotui {', '.join(COMMANDS)}. Each has --help."
    parser = _Parser(
        prog=f"duotui {name}".strip(), description=command.HELP, epilog=epilog, allow_abbrev=False
    )
    command.add_arguments(parser)
    return parser


def _print_error(line: str) -> None:
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


def _flush(stream: TextIO) -> None:
    """Flush `stream`. If its reader has ended, keep the interpreter from printing another
    message."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
