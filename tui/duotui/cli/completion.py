"""duotui completion: the completion of a shell, made from the parsers."""

import argparse
from pathlib import Path

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli.commands import COMMANDS, CommandParser, full_parser
from duotui.cli.target import WORDS

HELP = N_("Print the completion of a shell: bash, zsh or tcsh.")

SHELLS = ("bash", "zsh", "tcsh")

LIST_TARGETS = (
    f"echo {' '.join(WORDS)}; ls -d /dev/ttyACM* /dev/ttyUSB* /dev/cu.usb* 2>/dev/null; true"
)
"""Command of a shell that prints the targets: `duotui devices` would take too long for a key."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help=_("whose completion it is"))


def run(options: argparse.Namespace) -> int:
    print(completion(options.shell))
    return Exit.OK


def completion(shell: str) -> str:
    """Return the script that completes duotui's words in `shell`."""
    import shtab

    parser = full_parser(WORDS)
    for name, each in _parsers(parser).items():
        for action in each._actions:
            _complete(name, action)
    return shtab.complete(parser, shell)


def _parsers(root: CommandParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, and the whole one under ""."""
    choices = next(a.choices for a in root._actions if isinstance(a, argparse._SubParsersAction))
    assert isinstance(choices, dict)
    return {"": root, **choices}


def _complete(command: str, action: argparse.Action) -> None:
    """Give an argument the completion of its kind."""
    import shtab

    if action.dest == "target":
        _set_completion(action, shtab.cmd(LIST_TARGETS))
    elif action.type is Path:
        is_folder = action.metavar == "FOLDER"
        _set_completion(action, shtab.DIRECTORY if is_folder else shtab.FILE)
    elif (command, action.dest) == ("help", "command"):
        action.choices = list(COMMANDS)
    elif (command, action.dest) == ("model", "name"):
        from duotui.targets import model_store

        action.choices = [model.name for model in model_store.known()]


def _set_completion(action: argparse.Action, how: object) -> None:
    setattr(action, "complete", how)  # noqa: B010 - an attribute of shtab's, unknown to argparse
