"""Random llama2.c checkpoint of stories15M's shape, with its speed and meaningless text.

python tests/bench/random_model.py OUT.bin
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from checkpoint import Floats, order
from shape import STORIES_15M

SPREAD = 0.02


def write_random(target: Path, seed: int = 1) -> None:
    """Write the file. The same seed gives the same bytes."""
    random = np.random.default_rng(seed)
    with target.open("wb") as file:
        file.write(STORIES_15M.header())
        for name, size in order(STORIES_15M, tied=True).items():
            values: Floats
            if name.endswith("norm"):
                values = np.ones(size, dtype=np.float32)
            else:
                values = random.standard_normal(size, dtype=np.float32) * np.float32(SPREAD)
            file.write(values.astype("<f4").tobytes())


def main() -> None:
    write_random(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
