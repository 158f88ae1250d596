"""duotui config: the file of settings, the settings in effect, and what is wrong with them."""

import argparse
import os
from collections.abc import Sequence

from duotui.base.errors import Exit, UsageError
from duotui.base.json_text import json_text
from duotui.base.nearest import hint_for
from duotui.base.translation import gettext as _
from duotui.base.translation import ngettext
from duotui.base.translation import untranslated as N_
from duotui.base.untrusted_text import one_line
from duotui.cli.arguments import add_json_argument, add_request_arguments
from duotui.settings.config_file import Settings, config_file, load
from duotui.settings.origins import (
    Origin,
    SettingInEffect,
    folders_in_effect,
    settings_in_effect,
    variables_in_effect,
)

HELP = N_("The settings: their file, where each value comes from, what is wrong with them.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("path", "show", "check"))
    parser.add_argument("-i", "--prompt", metavar="TEXT", help=_("as of the console"))
    parser.add_argument("--theme", help=_("as of the console"))
    parser.add_argument("--ascii", action="store_true", help=_("as of the console"))
    add_request_arguments(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    if options.action == "path":
        print(config_file())
    elif options.action == "show":
        _show(options)
    else:
        _check(load())
    return Exit.OK


def _show(options: argparse.Namespace) -> None:
    rows = [
        *folders_in_effect(os.environ),
        *variables_in_effect(os.environ),
        *settings_in_effect(load(), _given(options), os.environ),
    ]
    if options.json:
        names = ("name", "value", "origin", "detail")
        print(json_text([{name: getattr(row, name) for name in names} for row in rows]), end="")
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        print(f"{one_line(row.name):<{width}}  {one_line(row.value) or '-'}  ({_origin(row)})")


def _origin(row: SettingInEffect) -> str:
    return f"{_(_ORIGINS[row.origin])} {row.detail}".strip()


_ORIGINS = {
    Origin.DEFAULT: N_("default"),
    Origin.FILE: N_("file"),
    Origin.ENVIRONMENT: N_("environment"),
    Origin.COMMAND_LINE: N_("command line"),
}
"""The name of each origin for a reader; JSON has its own."""


def _given(options: argparse.Namespace) -> dict[str, str]:
    """Return the settings that the command line names, as texts by their names in the file."""
    story = ("prompt", "mode", "steps", "temperature", "top_p", "seed")
    values = {f"story.{name}": getattr(options, name) for name in story}
    values |= {"theme": options.theme, "language": options.language}
    values["ascii"] = "on" if options.ascii else None
    return {name: str(value) for name, value in values.items() if value is not None}


def _check(settings: Settings) -> None:
    """Print each value that is not usable. Raises UsageError if there is one."""
    warnings = [*settings.warnings, *_screen_warnings(settings)]
    for warning in warnings:
        print(one_line(warning))
    if warnings:
        count = len(warnings)
        raise UsageError(
            ngettext(
                "{count} line of {path} is not usable",
                "{count} lines of {path} are not usable",
                count,
                path=settings.path,
            ),
            _("the defaults stand in their place"),
        )
    if settings.path.exists():
        print(_("{path}: every line is usable", path=settings.path))
    else:
        print(_("{path}: not there, so the defaults stand", path=settings.path))


def _screen_warnings(settings: Settings) -> list[str]:
    """Return a warning for each command without a meaning, and for a theme that is none."""
    from textual.binding import Binding
    from textual.theme import BUILTIN_THEMES

    from duotui.ui import themes
    from duotui.ui.app import ConsoleApp
    from duotui.ui.screens.console_bindings import CONSOLE_BINDINGS

    bindings = [*CONSOLE_BINDINGS, *ConsoleApp.BINDINGS]
    commands = [each.id for each in bindings if isinstance(each, Binding) and each.id]
    found, failures = themes.load()
    names = [*BUILTIN_THEMES, *(theme.name for theme in found)]
    warnings = [
        _unknown(f"keys.{name}", _("no such command"), name, commands)
        for name in settings.keys
        if name not in commands
    ]
    if settings.theme not in names:
        warnings.append(_unknown("theme", _("no such theme"), settings.theme, names))
    return [*warnings, *failures]


def _unknown(setting: str, message: str, word: str, known: Sequence[str]) -> str:
    return f"{setting}: {UsageError(message, hint_for(word, known, ''))}"
