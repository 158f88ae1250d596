"""Memory, threads and file descriptors over many stories, and eight consoles at once.

    PYTHONPATH=tests python tests/bench/soak.py [--stories 1000] [--only console story judge eight]

Each program runs on a terminal of its own, on the simulated Duo, and is measured from outside: at
the first story, and then at each tenth part of the stories. The story machine reads 30,000 words a
minute to nobody.
"""

import argparse
import os
import select
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.terminal import Terminal

CONSOLES = 8
STALL_TIMEOUT = 300.0
"""Seconds without a new story until a program counts as hung."""

FAST_STORY = """
import sys
from duotui.cli.main import main
from duotui.story import parental_policy
parental_policy.pace = lambda parental, now: 30_000.0
sys.exit(main())
"""


@dataclass(frozen=True)
class Sample:
    """A program at one moment; `resident` in kB."""

    stories: int
    resident: int
    threads: int
    descriptors: int

    def __str__(self) -> str:
        size = f"{self.resident / 1024:.1f} MB"
        return f"| {self.stories} | {size} | {self.threads} | {self.descriptors} |"


class Soak:
    """A program on a terminal. `told` counts its stories so far; `keys` ask for the next one."""

    def __init__(self, terminal: Terminal, told: Callable[[], int], keys: bytes = b"") -> None:
        self.terminal, self.told, self.keys = terminal, told, keys

    def run(self, stories: int) -> list[Sample]:
        """Have `stories` told. Raises RuntimeError if the program ends or hangs before."""
        samples: list[Sample] = []
        marks = [1, *(stories * part // 10 for part in range(1, 11))]
        count, last, asked = 0, time.monotonic(), -1
        while count < stories:
            self._drain()
            count = self.told()
            if count != asked:
                last, asked = time.monotonic(), count
                if self.keys:
                    os.write(self.terminal.master, self.keys)
            while marks and count >= marks[0]:
                samples.append(self._sample(count))
                print(samples[-1], flush=True)
                marks.pop(0)
            if self.terminal.process.poll() is not None:
                raise RuntimeError(f"it ended after {count} stories")
            if time.monotonic() - last > STALL_TIMEOUT:
                raise RuntimeError(f"it hangs after {count} stories")
        return samples

    def _drain(self) -> None:
        """Read what the program draws, for a moment."""
        if select.select([self.terminal.master], [], [], 0.05)[0]:
            os.read(self.terminal.master, 65536)

    def _sample(self, stories: int) -> Sample:
        proc = Path(f"/proc/{self.terminal.process.pid}")
        status = dict(
            line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line
        )
        return Sample(
            stories=stories,
            resident=int(status["VmRSS"].split()[0]),
            threads=int(status["Threads"]),
            descriptors=len(list((proc / "fd").iterdir())),
        )


def _lines_with(path: Path, what: bytes) -> Callable[[], int]:
    """Count the lines of a growing file that contain `what`, reading each byte once."""
    count = position = 0

    def told() -> int:
        nonlocal count, position
        if path.exists():
            with path.open("rb") as file:
                file.seek(position)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            count += sum(what in line for line in whole.splitlines())
            position += len(whole)
        return count

    return told


def console(stories: int, folder: Path) -> Soak:
    recording = folder / "recording.jsonl"
    options = ("sim", "--no-baseline", "-n", "32", "--record", str(recording), "-i", "Once")
    told = _lines_with(recording, b'"event": "RunEnded"')
    return Soak(Terminal(*options), told, b"n")


def story(stories: int, folder: Path) -> Soak:
    options = ("story", "sim", "--voice", "off")
    told = _lines_with(folder / "data/diary.txt", b"told in")
    return Soak(Terminal(*options, program=("-c", FAST_STORY)), told, b"s")


def judge(stories: int, folder: Path) -> Soak:
    recording = folder / "judge.jsonl"
    options = ("judge", "sim", "--anyway", "--runs", str(stories), "--record", str(recording))
    told = _lines_with(recording, b'"event": "RunEnded"')
    return Soak(Terminal(*options, "-n", "32"), told)


def eight(folder: Path) -> bool:
    """True if each of the consoles tells the baseline's story, answers a key, and ends."""
    started = time.monotonic()
    terminals = [Terminal("sim", "-i", "Once upon a time") for _ in range(CONSOLES)]
    try:
        for terminal in terminals:
            terminal.wait_for(b"identical", STALL_TIMEOUT)
        print(f"{CONSOLES} consoles told after {time.monotonic() - started:.1f} s", flush=True)
        seconds = [terminal.leave(b"\x11") for terminal in terminals]
        print(f"each was gone after at most {max(seconds):.2f} s", flush=True)
        return all(terminal.process.returncode == 0 for terminal in terminals)
    finally:
        for terminal in terminals:
            terminal.close()


PROGRAMS = {"console": console, "story": story, "judge": judge}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--stories", type=int, default=1000)
    names = [*PROGRAMS, "eight"]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    options = parser.parse_args()
    right = True
    for name in options.only:
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home)
            os.environ |= {
                "DUOTUI_CONFIG": str(folder / "config.toml"),
                "DUOTUI_DATA": str(folder / "data"),
                "XDG_STATE_HOME": str(folder / "state"),
            }
            print(f"\n{name}")
            if name == "eight":
                right &= eight(folder)
                continue
            print("| stories | resident | threads | descriptors |\n| --- | --- | --- | --- |")
            soak = PROGRAMS[name](options.stories, folder)
            try:
                soak.run(options.stories)
            finally:
                soak.terminal.close()
    sys.exit(not right)


if __name__ == "__main__":
    main()
