"""Count the AArch64 instructions that a token costs, by each set of kernels, under qemu-aarch64.

    PYTHONPATH=tests python tests/bench/instructions.py [--lengths 32 160] [MODEL ARGS]

MODEL is the default model, packed, unless it is given. Two stories per set differ only in their
length. The longer one's additional instructions, divided by its additional tokens, are a token's
cost. Instructions are no times: processors execute several at once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from duotui.base import resources
from support.c_program import compile_c
from support.emulators import ARMS, QEMU_AARCH64, build_aarch64, missing_for_aarch64
from support.engine import build

PROCESSOR, SETS = ARMS["aarch64-dotprod"]
COUNTED_MODES = ("exact", "fast")
Counts = dict[str, int]


def count_story(plugin: Path, program: Path, steps: int, *arguments: str | Path) -> Counts:
    """Instructions of a story of `steps` steps, by class."""
    log = plugin.with_name("counts")
    result = subprocess.run(
        [
            *(QEMU_AARCH64, "-cpu", PROCESSOR, "-plugin", plugin, "-d", "plugin", "-D", log),
            *(program, *arguments, "-n", str(steps), "--ids", plugin.with_name("ids")),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        sys.exit(f"instructions: {result.stderr.strip()}")
    tokens = len(plugin.with_name("ids").read_text().splitlines()[1].split()) - 1
    if tokens != steps:
        sys.exit(f"instructions: the story ends after {tokens} of {steps} steps; other --lengths?")
    rows = (line.split() for line in log.read_text().splitlines())
    return {name: int(count) for name, count in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the instructions that a token costs.")
    parser.add_argument("--lengths", nargs=2, type=int, default=[32, 160], metavar="STEPS")
    parser.add_argument("arguments", nargs="*", metavar="MODEL ARGS", help="after --")
    options = parser.parse_args()
    shorter, longer = sorted(options.lengths)
    if missing := missing_for_aarch64():
        sys.exit(f"instructions: {missing}")
    program = build_aarch64()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = Path(__file__).with_suffix(".c")
        plugin = compile_c("-O2", "-shared", "-fPIC", source, out=folder / "instructions.so")
        packed = folder / "model.duo"
        host = build("all", "duollama")
        host.run("pack", resources.MODEL, "-z", resources.TOKENIZER, "-o", packed)
        arguments = options.arguments or [packed, "-t", "0"]
        print(f"{'mode':8}{'kernels':10}{'per token':>12}  of them vector, vector memory")
        for mode in COUNTED_MODES:
            for kernels in SETS:
                how = [*arguments, "--mode", mode, "--kernels", kernels]
                first = count_story(plugin, program, shorter, *how)
                second = count_story(plugin, program, longer, *how)
                each = {name: (second[name] - first[name]) / (longer - shorter) for name in first}
                vectors = f"{each['vector']:,.0f}, {each['vector-memory']:,.0f}"
                print(f"{mode:8}{kernels:10}{sum(each.values()):12,.0f}  {vectors}", flush=True)


if __name__ == "__main__":
    main()
