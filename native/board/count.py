"""Count the instructions that a token costs: the engine under QEMU with count.c's plugin.

    python native/board/count.py [--engine rv64gcv] [--lengths 17 33] [--json FILE] -- MODEL ARGS

Two stories differ only in their length. The longer one's additional instructions, divided by its
additional tokens, are a token's cost: start, prompt and end cancel out. Attention grows with the
position, so a figure holds for the positions between the two lengths. Emulated time means nothing.
No emulator has both the board's vectors and plugins, so count the build rv64gcv, whose intrinsics
are the same.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

BOARD = Path(__file__).resolve().parent
BUILD = BOARD.parent / "build"
PROCESSOR = "rv64,v=true,vlen=128"


@dataclass(frozen=True, order=True)
class Kind:
    """Class of instructions, by count.c's name."""

    name: str
    width: int = 0
    """Bits of an element; 0 where it has none."""
    eighths: int = 0
    """Register group (LMUL) in eighths of a register; 0 where it has none."""

    def __str__(self) -> str:
        width = f" e{self.width}" if self.width else ""
        group = f" m{self.eighths // 8}" if self.eighths >= 8 else f" mf{8 // (self.eighths or 8)}"
        return self.name + width + (group if self.eighths else "")


Counts = dict[Kind, float]


@dataclass(frozen=True)
class Run:
    counts: Counts
    output: str
    """Output on stderr."""


def fail(text: str) -> NoReturn:
    print(f"count: {text}", file=sys.stderr)
    sys.exit(2)


def prepare() -> Path:
    """Build the plugin beside the engine, and return the emulator."""
    tools = subprocess.run([BOARD / "tools"], stdout=subprocess.PIPE, text=True, check=False)
    if tools.returncode != 0:
        sys.exit(tools.returncode)
    build = subprocess.run(["make", "-s", "-C", BOARD, "count"], check=False)
    if build.returncode != 0:
        fail("the plugin count.so does not compile; see above")
    return Path(tools.stdout.strip()) / "qemu-7.2/usr/bin/qemu-riscv64"


def read_counts(text: str) -> Counts:
    """Parse the plugin's output."""
    counts: Counts = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 4 and all(field.isdigit() for field in fields[1:]):
            width, eighths, count = (int(field) for field in fields[1:])
            counts[Kind(fields[0], width, eighths)] = count
    return counts


def execute(emulator: Path, command: list[str | Path]) -> Run:
    """Run a program, and count its instructions by class."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "counts"
        plugin: list[str | Path] = ["-plugin", BUILD / "count.so", "-d", "plugin", "-D", log]
        result = subprocess.run(
            [emulator, "-cpu", PROCESSOR, *plugin, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        output = result.stderr.decode(errors="replace")
        if result.returncode != 0:
            lines = output.strip().splitlines()
            fail(
                f"{command[0]} ended with {result.returncode}: {lines[-1] if lines else 'no word'}"
            )
        return Run(read_counts(log.read_text()), output)


def generate(emulator: Path, program: Path, arguments: list[str], steps: int) -> Run:
    """Generate a story of `steps` steps. The engine must reach as many; another program prints no
    count."""
    check = program.name == "duollama"
    with tempfile.TemporaryDirectory() as folder:
        ids = Path(folder) / "ids"
        written: list[str | Path] = ["--ids", ids] if check else []
        run = execute(emulator, [program, *arguments, *written, "-n", str(steps)])
        if check and (tokens := len(ids.read_text().splitlines()[1].split()) - 1) != steps:
            fail(f"the story ends after {tokens} of {steps} steps; choose other --lengths")
    return run


def program_of(engine: str) -> Path:
    """Path of a build by its name, or of any program."""
    program = Path(engine) if "/" in engine else BUILD / engine / "duollama"
    if not program.is_file():
        fail(f"there is no {program}; `make -C native/board` builds the engines")
    return program


def in_order(lengths: list[int]) -> tuple[int, int]:
    shorter, longer = sorted(lengths)
    if shorter == longer or shorter < 1:
        fail("--lengths are two different numbers of steps")
    return shorter, longer


def per_token(shorter: Counts, longer: Counts, tokens: int) -> Counts:
    difference = {kind: (longer[kind] - shorter.get(kind, 0)) / tokens for kind in longer}
    return {kind: count for kind, count in sorted(difference.items()) if count >= 0.5}


def to_json(counts: Counts, **about: object) -> str:
    rows = [
        {"class": k.name, "width": k.width, "eighths": k.eighths, "count": round(count, 1)}
        for k, count in counts.items()
    ]
    return json.dumps({**about, "unit": "instructions per token", "counts": rows}, indent=1)


def from_json(text: str) -> Counts:
    rows = json.loads(text)["counts"]
    return {Kind(r["class"], r["width"], r["eighths"]): r["count"] for r in rows}


def print_table(counts: Counts) -> None:
    total = sum(counts.values())
    by_name: dict[str, float] = defaultdict(float)
    for kind, count in counts.items():
        by_name[kind.name] += count
    print(f"{'class':24}{'per token':>14}{'share':>9}")
    for kind, count in sorted(counts.items(), key=lambda row: (-by_name[row[0].name], row[0])):
        print(f"{kind!s:24}{count:14,.0f}{count / total:9.2%}")
    print(f"{'all':24}{total:14,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the instructions that a token costs.")
    parser.add_argument("--engine", default="rv64gcv", help="a build, or any program's path")
    parser.add_argument("--lengths", nargs=2, type=int, default=[17, 33], metavar="STEPS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts here too")
    parser.add_argument("arguments", nargs="+", metavar="MODEL ARGS", help="after --")
    options = parser.parse_args()
    shorter, longer = in_order(options.lengths)
    program = program_of(options.engine)
    emulator = prepare()
    first = generate(emulator, program, options.arguments, shorter)
    second = generate(emulator, program, options.arguments, longer)
    counts = per_token(first.counts, second.counts, longer - shorter)
    print_table(counts)
    if options.json:
        about = {"engine": program.parent.name + "/" + program.name, "arguments": options.arguments}
        options.json.write_text(to_json(counts, **about, lengths=[shorter, longer]) + "\n")


if __name__ == "__main__":
    main()
