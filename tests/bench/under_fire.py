"""Stories and files under fire: random faults in one run, and how long recovery takes.

    PYTHONPATH=tests python tests/bench/under_fire.py [--faults 200] [--seed 1]

One virtual Duo for all of them. Each story is told by mode exact and compared with what mode
reference tells on this computer. A fault that did not come to strike does not count.
"""

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from duotui.base import resources
from duotui.targets.virtual_duo import prepared_card
from support.board_faults import FAULTS, Fault, Scene
from support.fault_run import Outcome, expected, send, tell

STORY_BYTES, FILE_BYTES, FILE_SIZE = 4_000, 2_000, 24_000
"""To the host, from the login to the end; of a file."""

FILES = 4
"""Every so manieth fault is of a file."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    names = [kind.__name__ for kind in FAULTS]
    parser.add_argument("--kinds", nargs="+", choices=names, default=names)
    options = parser.parse_args()
    faults = [kind for kind in FAULTS if kind.__name__ in options.kinds]
    found: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card = folder / "card.img"
        made = prepared_card(resources.MODEL, resources.TOKENIZER)
        subprocess.run(["cp", "--sparse=always", made, card], check=True)
        scene = Scene(card)
        scene.start()
        try:
            number = count = 0
            while count < options.faults:
                number += 1
                chance = random.Random(f"{options.seed}/{number}")
                what = "file" if count % FILES == FILES - 1 else "story"
                kinds = [kind for kind in faults if what == "story" or kind.in_a_push]
                kind = kinds[number % len(kinds)]
                outcome, fault = _one(scene, kind, chance, what, number, folder)
                if fault.struck:
                    count += 1
                    found[kind.__name__, what].append(outcome)
                else:
                    missed += 1
                print(f"{count:>4} {what:<6} {kind.__name__:<12} {fault.struck!s:<6} {outcome}")
                sys.stdout.flush()
            with scene.shell() as shell:
                left = shell.ask("pidof duollama usleep dd").text
        finally:
            scene.board.close()
    _table(found)
    print(f"{missed} did not strike; processes left on the board: {left or 'none'}")
    sys.exit(any(not outcome.right for outcomes in found.values() for outcome in outcomes))


def _one(
    scene: Scene, kind: type[Fault], chance: random.Random, what: str, number: int, folder: Path
) -> tuple[Outcome, Fault]:
    if what == "story":
        fault = kind(scene, chance, STORY_BYTES)
        ids = expected(number, folder)
        return asyncio.run(tell(scene, fault, number, ids)), fault
    fault = kind(scene, chance, FILE_BYTES)
    source = folder / "source"
    source.write_bytes(chance.randbytes(FILE_SIZE))
    return send(scene, fault, source, "/mnt/data/under-fire"), fault


def _table(found: dict[tuple[str, str], list[Outcome]]) -> None:
    print("| fault | of a | right | recovery, median and worst | in all, median and worst | said |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (kind, what), outcomes in sorted(found.items()):
        right = sum(outcome.right for outcome in outcomes)
        recoveries = [o.recovery for o in outcomes if o.recovery is not None]
        print(
            f"| {kind} | {what} | {right} of {len(outcomes)} | {_spread(recoveries)}"
            f" | {_spread([o.seconds for o in outcomes])} | {max(o.asked for o in outcomes)} |"
        )


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return ""
    return f"{statistics.median(seconds):.1f} s, {max(seconds):.1f} s"


if __name__ == "__main__":
    main()
