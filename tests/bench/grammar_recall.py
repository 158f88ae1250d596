"""Recall of Harper for planted errors in stories, and its false alarms on good ones.

    python tests/bench/grammar_recall.py --texts valid.txt [--stories 100] [--seed 1]

One error of each kind that a story has a place for is planted into it. An error counts as found if
Harper then reports something new.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from duotui.judge.grammar_checker import find_mistakes

SEPARATOR = "<|endoftext|>"

PLANTS: dict[str, tuple[str, str | Callable[[re.Match[str]], str]]] = {
    "agreement: was, were": (r"\b(He|She|It|he|she|it) was\b", r"\1 were"),
    "agreement: they were, was": (r"\b(They|they|We|we) were\b", r"\1 was"),
    "article: a, an": (r"\ba (?=[bcdfglmnprt]\w)", "an "),
    "article left out": (r"\b(?:a|the) (big|little|small|red|old|happy) ", r"\1 "),
    "a word twice": (r"\b(the|and|to|was|with) ", r"\1 \1 "),
    "wrong form: went, goed": (r"\bwent\b", "goed"),
    "wrong form: to ran": (r"\bto (play|go|see|eat|help|find)\b", r"to \1ed"),
    "misspelled": (r"\b(friend|little|happy|because|beautiful)\b", lambda m: m[0][:2] + m[0][3:]),
    "capital left out": (r"(?<=[.!?] )(The|She|He|They|One)\b", lambda m: m[0].lower()),
    "their, there": (r"\btheir (?=\w+)", "there "),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="How many planted errors Harper finds.")
    parser.add_argument("--texts", type=Path, required=True, help="stories and separator lines")
    parser.add_argument("--stories", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    stories = [text.strip() for text in options.texts.read_text().split(SEPARATOR)]
    stories = [text for text in stories if text][: options.stories]
    chance = random.Random(options.seed)
    planted: Counter[str] = Counter()
    recall: Counter[str] = Counter()
    before: Counter[str] = Counter()
    words = 0
    for story in stories:
        known = Counter((m.rule, story[m.start : m.end]) for m in find_mistakes(story))
        before.update(rule for rule, _ in known.elements())
        words += len(story.split())
        for kind, (pattern, replacement) in PLANTS.items():
            places = list(re.finditer(pattern, story))
            if not places:
                continue
            place = chance.choice(places)
            error = re.sub(pattern, replacement, story[place.start() :], count=1)
            text = story[: place.start()] + error
            mistakes = Counter((m.rule, text[m.start : m.end]) for m in find_mistakes(text))
            planted[kind] += 1
            recall[kind] += bool(mistakes - known)
    for kind in PLANTS:
        print(f"{kind:<28} {recall[kind]:>4} of {planted[kind]:>4}")
    total = sum(planted.values())
    print(
        f"{'all':<28} {sum(recall.values()):>4} of {total:>4}, {sum(recall.values()) / total:.0%}"
    )
    print(
        f"in the stories as they are: {sum(before.values())} in {words} words of {len(stories)},"
        f" {before.most_common(5)}"
    )


if __name__ == "__main__":
    main()
