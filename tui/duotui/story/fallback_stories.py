"""Stories that need no engine, for when it is away, and endings for a story that finds none.

They are data/story/stored.toml, written for this program."""

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from duotui.base import resources
from duotui.story.cards import Choice
from duotui.story.sentences import whole

STORED = resources.PACKAGE / "data" / "story" / "stored.toml"


@dataclass(frozen=True, slots=True)
class Story:
    """`who` is the card that it is about."""

    who: str
    title: str
    sentences: tuple[str, ...]


@cache
def stories() -> tuple[Story, ...]:
    return tuple(
        Story(row["who"], row["title"], whole(row["text"], over=True)) for row in _read()["story"]
    )


@cache
def endings() -> tuple[str, ...]:
    """Sentences that can close any story."""
    return tuple(_read()["endings"])


def for_choice(choice: Choice, rng: random.Random, told: frozenset[str] = frozenset()) -> Story:
    """One about who was chosen, or any where there is none. Titles that were `told` come last."""
    about = [story for story in stories() if story.who == choice.who] or stories()
    fresh = [story for story in about if story.title not in told]
    return rng.choice(fresh or about)


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(STORED.read_text("utf-8"))
