"""States of the screens, in which tests end them; and the processes that a command leaves."""

import os
import select
from pathlib import Path

from support.terminal import Terminal

QUIT = b"\x11"
MARK = "DUOTUI_TEST_MARK"

ENDLESS = ("--model", "{model}", "--tokenizer", "{tokenizer}", "-n", "0", "-t", "0")
"""Options for a model that tells the same words until its context is full."""

STATES: dict[str, tuple[tuple[str, ...], list[tuple[bytes, bytes]]]] = {
    "console, nothing told": (("sim",), [(b"Quit", b"")]),
    "console, telling": (("sim", *ENDLESS, "-i", ""), [(b"telling", b"")]),
    "console, told": (("sim", "-n", "8", "-i", "Once"), [(b"done", b"")]),
    "console, help": (("sim",), [(b"Quit", b"?"), (b"Every key", b"")]),
    "console, palette": (("sim",), [(b"Quit", b"\x10"), (b"Find a command", b"")]),
    "console, settings": (("sim",), [(b"Quit", b"o"), (b"temperature", b"")]),
    "story, cards": (("story", "sim", "--voice", "off"), [(b"Who is it", b"")]),
    "story, telling": (("story", "sim", "--voice", "off"), [(b"Who is it", b"s"), (b"Once", b"")]),
    "story, gate": (("story", "sim", "--voice", "off"), [(b"Who is it", QUIT), (b"= ?", b"")]),
    "judge, running": (("judge", "sim", "--runs", "1000"), [(b"run 1", b"")]),
    "judge, judged": (("judge", "sim", "--runs", "1", "-n", "8"), [(b"judged", b"")]),
}
"""A command, and what is awaited and then typed."""


def open_state(state: str, model: Path, tokenizer: Path) -> Terminal:
    """Open a terminal with a screen in `state`."""
    command, steps = STATES[state]
    terminal = Terminal(*(word.format(model=model, tokenizer=tokenizer) for word in command))
    try:
        for awaited, typed in steps:
            terminal.wait_for(awaited, 60)
            os.write(terminal.master, typed)
    except BaseException:
        terminal.close()
        raise
    return terminal


def left(mark: str) -> list[int]:
    """The processes that have `mark` in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def all_gone(mark: str) -> bool:
    """True if every child ends by itself; each is waited for."""
    for process in left(mark):
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        ended = select.select([descriptor], [], [], 10)[0]
        os.close(descriptor)
        if not ended:
            return False
    return True
