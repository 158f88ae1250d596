"""Endings of the screens in one run: what is left, and how long each takes.

    PYTHONPATH=tests python tests/bench/endings.py [--endings 300] [--seed 1]

Each ending is of a random screen in a random state, on a controlling terminal of its own.
"""

import argparse
import os
import random
import select
import signal
import statistics
import sys
import tempfile
import termios
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from support.screen_states import MARK, QUIT, STATES, left, open_state
from support.scripted_model import STORY_PIECES, write_scripted_model
from support.terminal import Terminal

HANG_TIMEOUT = 5.0


def _send(*numbers: signal.Signals) -> Callable[[Terminal], None]:
    def end(terminal: Terminal) -> None:
        for number in numbers:
            terminal.process.send_signal(number)

    return end


def _close_window(terminal: Terminal) -> None:
    os.close(terminal.master)
    os.close(terminal.slave)
    terminal.master = terminal.slave = -1


def _stall(terminal: Terminal) -> None:
    """Fill the terminal, as a frozen window does, and send SIGTERM."""
    while select.select([], [terminal.slave], [], 0.5)[1]:
        os.write(terminal.slave, b"x" * 256)
    terminal.process.send_signal(signal.SIGTERM)


ENDINGS: dict[str, Callable[[Terminal], None]] = {
    "window closed": _close_window,
    "SIGHUP": _send(signal.SIGHUP),
    "SIGTERM": _send(signal.SIGTERM),
    "SIGINT": _send(signal.SIGINT),
    "SIGQUIT": _send(signal.SIGQUIT),
    "SIGKILL": _send(signal.SIGKILL),
    "SIGTERM, SIGCONT": _send(signal.SIGTERM, signal.SIGCONT),
    "SIGCONT, SIGHUP": _send(signal.SIGCONT, signal.SIGHUP),
    "stalled, SIGTERM": _stall,
    "ctrl+q": lambda terminal: _type(terminal, QUIT),
}


def _type(terminal: Terminal, key: bytes) -> None:
    os.write(terminal.master, key)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--endings", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    seconds: dict[str, list[float]] = {name: [] for name in ENDINGS}
    faults: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, tokenizer = write_scripted_model(folder, STORY_PIECES, 100_000)
        for number in range(options.endings):
            mark = f"{name}-{number}"
            os.environ |= {MARK: mark, "DUOTUI_CONFIG": str(folder / "config.toml")}
            os.environ |= {"DUOTUI_DATA": name, "XDG_STATE_HOME": name}
            state = rng.choice(sorted(STATES))
            ending = rng.choice(sorted(ENDINGS))
            if ending == "ctrl+q" and state.startswith("story"):
                ending = "SIGTERM"  # there the key asks for a code first
            terminal = open_state(state, model, tokenizer)
            fault = _end(state, terminal, ending, mark, seconds[ending])
            faults[fault] += bool(fault)
            if fault:
                print(f"{number}: {state}, {ending}: {fault}", flush=True)
    print("| ending | endings | seconds: median, worst |\n| --- | --- | --- |")
    for ending, times in seconds.items():
        if times:
            print(f"| {ending} | {len(times)} | {statistics.median(times):.2f}, {max(times):.2f} |")
    print(f"{options.endings} endings; faults: {dict(+faults) or 'none'}")
    sys.exit(bool(+faults))


def _end(state: str, terminal: Terminal, ending: str, mark: str, seconds: list[float]) -> str:
    """End a program; return what was wrong, or ""."""
    try:
        started = time.monotonic()
        ENDINGS[ending](terminal)
        if not terminal.gone(HANG_TIMEOUT):
            return "it is still there"
        if ending != "stalled, SIGTERM":  # its time contains the filling
            seconds.append(time.monotonic() - started)
        end = time.monotonic() + HANG_TIMEOUT
        while left(f"{MARK}={mark}") and time.monotonic() < end:
            time.sleep(0.05)
        if left(f"{MARK}={mark}"):
            return "a child is left"
        if ending not in ("SIGKILL", "window closed") and terminal.before != termios.tcgetattr(
            terminal.slave
        ):
            return "the terminal is raw"
        by_key = 9 if state == "judge, running" else 0  # the runs that were left out are a stop
        wanted = {"SIGKILL": -9, "ctrl+q": by_key}.get(ending, 9)
        status = terminal.process.returncode
        return "" if status == wanted else f"status {status}"
    finally:
        terminal.close()


if __name__ == "__main__":
    main()
