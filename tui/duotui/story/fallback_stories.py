"""Stories that need no engine, for when it is away, and endings for a story that finds none.

They are data/story/stored.toml, written for this program."""

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from duotui.base import resources
from duotui.story.cards import CardChoice
from duotui.story.sentences import whole_sentences

FALLBACK_FILE = resources.PACKAGE / "data" / "story" / "stored.toml"


@dataclass(frozen=True, slots=True)
class FallbackStory:
    """`who` is the card that it is about."""

    who: str
    title: str
    sentences: tuple[str, ...]


@cache
def stories() -> tuple[FallbackStory, ...]:
    return tuple(
        FallbackStory(row["who"], row["title"], whole_sentences(row["text"], over=True))
        for row in _read()["story"]
    )


@cache
def endings() -> tuple[str, ...]:
    """Sentences that can close any story."""
    return tuple(_read()["endings"])


def for_choice(
    choice: CardChoice, rng: random.Random, told: frozenset[str] = frozenset()
) -> FallbackStory:
    """One about who was chosen, or any where there is none. Titles that were `told` come last."""
    about = [story for story in stories() if story.who == choice.who] or stories()
    fresh = [story for story in about if story.title not in told]
    return rng.choice(fresh or about)


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(FALLBACK_FILE.read_text("utf-8"))
