"""The man page, made from the parsers when a wheel is built (native/wheels/hook.py).

`python -m duotui.cli.man_page` prints it.
"""

import argparse
import re
from collections.abc import Iterable, Iterator

from duotui import __version__
from duotui.base import errors
from duotui.cli.commands import COMMANDS, full_parser
from duotui.settings.environment_variables import ENVIRONMENT_VARIABLES

_STATUS = re.compile(r"^    \w+ +(\d)  (.+)$", re.MULTILINE)
"""A row of the table in the docstring of base/errors.py."""


def man_page() -> str:
    """Return the page as roff, with the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    root = full_parser()
    yield f'.TH DUOTUI 1 "" "duotui {__version__}" "User Commands"'
    yield from (".SH NAME", r"duotui \- stories from a Milk-V Duo, beside their baseline")
    yield ".SH SYNOPSIS"
    yield from (*_synopsis("duotui", root), ".br", r"\fBduotui\fP \fICOMMAND\fP [\fIOPTION\fP...]")
    yield from (".SH DESCRIPTION", _text(root.description or ""))
    yield ".SH OPTIONS"
    yield from _arguments(root)
    yield ".SH COMMANDS"
    commands = _commands(root)
    for name in COMMANDS:
        yield from (f".SS duotui {_text(name)}", _text(commands[name].description or ""), ".PP")
        yield from _synopsis(f"duotui {name}", commands[name])
        yield from _arguments(commands[name])
    yield ".SH EXIT STATUS"
    for status, meaning in [("0", "success."), *_STATUS.findall(errors.__doc__ or "")]:
        yield from _item(f"\\fB{status}\\fP", meaning)
    yield ".SH ENVIRONMENT"
    for name, meaning in ENVIRONMENT_VARIABLES.items():
        yield from _item(f"\\fB{_text(name)}\\fP", meaning)
    yield from (".SH FILES", ".TP", r"\fI~/.config/duotui/config.toml\fP")
    yield _text("The settings; duotui config path prints the path on this system.")


def _commands(root: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (a for a in root._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def _own(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments, without the list of commands."""
    return [a for a in parser._actions if not isinstance(a, argparse._SubParsersAction)]


def _synopsis(program: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    words = [f"\\fB{_text(program)}\\fP"]
    words += [f"[{_name(action)}]" for action in _own(parser) if action.option_strings]
    for action in _own(parser):
        if not action.option_strings:
            words.append(_name(action) if action.required else f"[{_name(action)}]")
    yield from (".nh", ".ad l", " ".join(words), ".ad b", ".hy")


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in _own(parser):
        yield from _item(_names(action), (action.help or "").replace("%%", "%"))


def _names(action: argparse.Action) -> str:
    if not action.option_strings:
        return _name(action)
    bold = ", ".join(f"\\fB{_text(name)}\\fP" for name in action.option_strings)
    return f"{bold}{_value(action)}"


def _name(action: argparse.Action) -> str:
    if not action.option_strings:
        return _metavar(action)
    return f"\\fB{_text(action.option_strings[0])}\\fP{_value(action)}"


def _value(action: argparse.Action) -> str:
    """The value of an option, after a blank."""
    if action.nargs == 0:
        return ""
    name = _metavar(action)
    return rf"\ [{name}]" if action.nargs == "?" else rf"\ {name}"


def _metavar(action: argparse.Action) -> str:
    if action.metavar is None and action.choices is not None:
        return "|".join(f"\\fB{_text(str(choice))}\\fP" for choice in action.choices)
    return f"\\fI{_text(str(action.metavar or action.dest.upper()))}\\fP"


def _item(head: str, text: str) -> Iterable[str]:
    return (".TP", head, _text(text) if text else r"\&")


def _text(text: str) -> str:
    """Return `text` with roff's own characters escaped, and no line that begins a request."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


if __name__ == "__main__":
    print(man_page(), end="")
