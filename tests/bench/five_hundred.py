"""Quality of N stories of random cards, generated as `duotui story` generates them.

PYTHONPATH=tests python tests/bench/five_hundred.py [--stories 500] [--seed 1] [--model FILE]
"""

import argparse
import asyncio
import random
import statistics
import time
from collections import Counter
from functools import partial
from pathlib import Path

from duotui.base import resources
from duotui.judge.baseline import single_session
from duotui.story import fallback_stories
from duotui.story.cards import deck, renamed
from duotui.story.content_filter import content_filter
from duotui.story.generator import DEFAULT_REQUEST, GeneratedStory, StoryGenerator
from duotui.targets.simulator import SimulatedDuo

CHILD_NAMES = ("", "Lily", "Emma", "Xiaoming", "Yusuf", "Anna-Lena", "Ben")


async def main(count: int, seed: int, model: Path, tokenizer: Path | None) -> None:
    rng = random.Random(seed)
    session = single_session(SimulatedDuo(model, tokenizer))
    generator = StoryGenerator(session, content_filter().fit, fallback_stories.endings())
    ends: Counter[str] = Counter()
    parts: Counter[int] = Counter()
    left_out: Counter[str] = Counter()
    words, stories, odd, unfit = [], Counter[str](), [], []
    regenerated: list[str] = []
    regenerated_stories = 0
    began = time.perf_counter()
    for _ in range(count):
        choice = deck().draw(rng, rng.choice(CHILD_NAMES))
        known = deck().known(choice)
        generated = GeneratedStory(
            deck().opening(known),
            rng.randrange(1, 2**31),
            partial(renamed, known=known.name, name=choice.name),
        )
        await generator.generate(generated)
        text = " ".join(generated.sentences)
        stories[text] += 1
        words.append(len(text.split()))
        parts[generated.parts] += 1
        ends[
            "a stored ending"
            if generated.closed
            else "by itself"
            if generated.parts == 1
            else "asked"
        ] += 1
        left_out.update(
            w for s in generated.left_out for w in content_filter().unfit(s) or ("(form)",)
        )
        regenerated += generated.regenerated
        regenerated_stories += bool(generated.regenerated)
        if text.rstrip("\"'”’)")[-1] not in ".!?":
            odd.append(text[-80:])
        unfit += [s for s in generated.sentences if not content_filter().fit(s)]
    took = time.perf_counter() - began
    await session.close()
    sampling = f"t {DEFAULT_REQUEST.temperature} p {DEFAULT_REQUEST.top_p}"
    print(f"{count} stories, seed {seed}, {model.name}, {sampling}")
    print(f"end in a whole sentence: {count - len(odd)}; an unfit sentence shown: {len(unfit)}")
    print(f"how they end: {dict(ends)}; requests each: {dict(sorted(parts.items()))}")
    print(f"stories with a sentence left out, words: {sum(left_out.values())} {dict(left_out)}")
    print(f"incoherent sentences told anew: {len(regenerated)}, in {regenerated_stories} stories")
    middle, least, most = statistics.median(words), min(words), max(words)
    print(f"words: median {middle:g}, from {least} to {most}; twice the same story:", end=" ")
    print(f"{count - len(stories)}; {took:.0f} s")
    for text in odd:
        print("no whole end:", text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stories", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=resources.MODEL)
    parser.add_argument("--tokenizer", type=Path)
    options = parser.parse_args()
    asyncio.run(main(options.stories, options.seed, options.model, options.tokenizer))
