"""Agreement of a mode with reference, under teacher forcing on stories that people wrote.

Prints how often the most probable token is the same, and the perplexity.

    python tests/bench/agreement.py --texts valid.txt [--stories 30] [MODEL]
"""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
from pathlib import Path

from duotui.base import resources
from duotui.targets.engine_binary import find_engine

SEPARATOR = "<|endoftext|>"
STORY_CHARACTERS = 600
"""Largest number of characters of a story, so that it fits any context."""


def encode(model: Path, tokenizer: Path, text: str, folder: Path) -> list[int]:
    """Ids of `text`, without BOS."""
    ids = folder / "ids"
    subprocess.run(
        [find_engine(), model, "-z", tokenizer, "-n", "1", "-i", text, "--ids", ids],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    prompt = ids.read_text().splitlines()[0].removeprefix("prompt:")
    return [int(word) for word in prompt.split()][1:]


def score(model: Path, tokenizer: Path, mode: str, stories: Path) -> tuple[list[int], list[float]]:
    """The most probable id at each step of all stories, and the nats of the story's own."""
    result = subprocess.run(
        [find_engine(), model, "-z", tokenizer, "--mode", mode, "--score", stories],
        capture_output=True,
        text=True,
        check=True,
    )
    steps = [step.split(":") for step in result.stdout.split()]
    return [int(likeliest) for likeliest, _ in steps], [float(nats) for _, nats in steps]


def main() -> None:
    parser = argparse.ArgumentParser(description="How near a mode is to reference.")
    parser.add_argument("model", type=Path, nargs="?", default=resources.MODEL)
    parser.add_argument("--tokenizer", type=Path, default=resources.TOKENIZER)
    parser.add_argument("--texts", type=Path, required=True, help="stories and separator lines")
    parser.add_argument("--stories", type=int, default=30)
    options = parser.parse_args()
    texts = [text.strip() for text in options.texts.read_text().split(SEPARATOR)]
    with tempfile.TemporaryDirectory() as name:
        stories = Path(name) / "stories"
        lines = [
            encode(options.model, options.tokenizer, text[:STORY_CHARACTERS], Path(name))
            for text in texts[: options.stories]
            if text
        ]
        stories.write_text("".join(" ".join(map(str, line)) + "\n" for line in lines))
        truth, nats = score(options.model, options.tokenizer, "reference", stories)
        print(f"reference: perplexity {math.exp(sum(nats) / len(nats)):.4f}, {len(nats)} tokens")
        for mode in ("exact", "fast"):
            ids, own = score(options.model, options.tokenizer, mode, stories)
            same = sum(a == b for a, b in zip(ids, truth, strict=True)) / len(ids)
            ratio = math.exp((sum(own) - sum(nats)) / len(nats))
            print(f"{mode}: the same likeliest token {same:.2%}, perplexity x {ratio:.4f}")


if __name__ == "__main__":
    main()
