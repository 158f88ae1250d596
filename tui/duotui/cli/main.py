"""The command line. The one place that prints errors and chooses the exit status.

duotui [TARGET]           the console; TARGET is auto, sim, virtual, a port or a URL
duotui story [TARGET]     the story machine, for a child alone
duotui tell [PROMPT]      no screen
duotui judge [TARGET]     the contest's 30 runs: the same story, and how fast
duotui setup [TARGET]     puts the storyteller on a board
duotui doctor [TARGET]    what is wrong between here and a board's story, and what mends it
duotui model list|get     models that are known by name, to tell from with --model
duotui devices            the ports of this computer
duotui replay FILE        a recording, in the console
duotui pack MODEL         a llama2.c model, as a board reads it
duotui inspect FILE       what a packed model holds and costs
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from duotui.base import resources
from duotui.base.errors import DuotuiError, Exit
from duotui.base.oscompat import make_writable
from duotui.cli.arguments import COMMAND_NAMES, parser_of
from duotui.targets import packer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run duotui; the exit status (docs/exit-statuses.md)."""
    for stream in (sys.stdout, sys.stderr):
        make_writable(stream)
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except DuotuiError as error:
        _complain(f"duotui: {error}")
        return error.exit
    except KeyboardInterrupt:
        return Exit.CANCELLED
    except BrokenPipeError:
        return Exit.UNEXPECTED
    finally:
        _settle(sys.stdout)


def _run(arguments: list[str]) -> int:
    command = arguments[0] if arguments and arguments[0] in COMMAND_NAMES else ""
    options = parser_of(command).parse_args(arguments[1:] if command else arguments)
    match command:
        case "story":
            from duotui.cli import story

            story.run(options)
        case "tell":
            from duotui.cli import console

            console.tell(options)
        case "judge":
            from duotui.cli import judge

            return judge.run(options)
        case "setup":
            _setup(options)
        case "doctor":
            from duotui.board.doctor import doctor

            return doctor(options.target, options.json, sys.stdout)
        case "model":
            from duotui.cli import listings

            listings.model(options)
        case "devices":
            from duotui.cli import listings

            listings.devices(options.json)
        case "replay":
            from duotui.cli import console

            console.replay(options)
        case "pack":
            tokenizer = options.tokenizer or options.model.parent / "tokenizer.bin"
            print(packer.pack_model(options.model, tokenizer, options.modes, options.out))
        case "inspect":
            print(packer.inspect(options.file), end="")
        case _:
            from duotui.cli import console

            console.console(options)
    return Exit.OK


def _setup(options: argparse.Namespace) -> None:
    from duotui.cli import resolve
    from duotui.cli.setup import SetupOptions, setup

    model, tokenizer = resolve.files(options)
    engine = options.engine or resources.BOARD
    setup(
        SetupOptions(
            target=options.target,
            model=model,
            tokenizer=tokenizer,
            engine=engine,
            yes=options.yes,
            card=options.sd,
        ),
        sys.stdout,
    )


def _complain(line: str) -> None:
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


def _settle(stream: TextIO) -> None:
    """Flush; a reader that is gone must not become a second message from the interpreter."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
