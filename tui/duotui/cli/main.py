"""The command line, the only place that prints errors and chooses the exit status."""

import contextlib
import os
import platform
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from duotui import __version__
from duotui.base.errors import Cancelled, DuotuiError, unexpected
from duotui.base.json_text import json_text
from duotui.base.log import LOG_VARIABLE, logged
from duotui.base.oscompat import interrupts_raise
from duotui.base.standard_streams import Stdout, standard_streams
from duotui.base.translation import gettext as _
from duotui.base.translation import use_language
from duotui.cli.commands import COMMANDS, command_of, parser_of
from duotui.cli.target import check_word
from duotui.settings.config_file import LANGUAGE_CHOICES, language, load


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


COMMON_OPTIONS = ("--language", "--log", "--log-level")
"""Options of every command, each with a value."""


def _command_first(words: list[str]) -> list[str]:
    """Return `words` with the common options before a command behind it, as the parsers want."""
    at = 0
    while at < len(words):
        if words[at] in COMMON_OPTIONS:
            at += 2
        elif words[at].startswith(tuple(f"{option}=" for option in COMMON_OPTIONS)):
            at += 1
        else:
            break
    if not 0 < at < len(words) or words[at].startswith("-"):
        return words
    return [words[at], *words[:at], *words[at + 1 :]]


def _run(words: list[str]) -> int:
    arguments = _command_first(words)
    first = arguments[0] if arguments else "auto"
    name = first if first in COMMANDS else ""
    if not name and not first.startswith("-"):
        check_word(first)  # before the options, which may be those of the command that was meant
    try:
        options = parser_of(name).parse_args(arguments[1:] if name else arguments)
    except SystemExit as end:  # after --help and --version
        return int(end.code or 0)
    with contextlib.ExitStack() as files:
        log = options.log or _named_by_environment()
        if log is not None:
            files.enter_context(logged(log, options.log_level, _start(name)))
        if getattr(options, "trace", None) is not None:
            from duotui.link.trace import traced

            files.enter_context(traced(options.trace))
        return command_of(name).run(options)


def _named_by_environment() -> Path | None:
    named = os.environ.get(LOG_VARIABLE)
    return Path(named) if named else None


def _start(name: str) -> str:
    """The first line of a log: no word of the command line, which may be a prompt."""
    python, system = platform.python_version(), platform.platform()
    return f"duotui {__version__}, {name or 'console'}, Python {python}, {system}"


def _language_option(words: Sequence[str]) -> str:
    """The value of --language, which the parser's own help needs; "" if it is not given, or bad."""
    given = [value for name, value in pairwise(words) if name == "--language"]
    given += [word.partition("=")[2] for word in words if word.startswith("--language=")]
    return given[-1] if given and given[-1] in LANGUAGE_CHOICES else ""
