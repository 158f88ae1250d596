"""Stored stories to read while the board is away, and endings for a story that does not end.

Their file is data/story/stored.toml, written for this program."""

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
    """`who` is the key of the hero's card."""

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
    """A random story about the chosen hero, or any if there is none; titles in `told` come last."""
    candidates = [story for story in stories() if story.who == choice.who] or stories()
    fresh = [story for story in candidates if story.title not in told]
    return rng.choice(fresh or candidates)


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(FALLBACK_FILE.read_text("utf-8"))
