"""Every word of the storyteller's screens, but for the cards: data/story/phrases.toml.

No technical word is among them, and none that frightens: the tests know which.
"""

import tomllib
from dataclasses import dataclass
from functools import cache

from duotui.base import resources

STRINGS_FILE = resources.PACKAGE / "data" / "story" / "phrases.toml"

LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
"""By the name that is settled, in their own words."""


@dataclass(frozen=True, slots=True)
class StoryStrings:
    """In one language."""

    hello: str
    """{}: the child's name"""

    who: str
    where: str
    what: str
    surprise: str

    stop: str
    again: str
    next: str
    another: str
    go_on: str
    waiting: str

    favourites: str
    no_favourites: str
    keep: str
    kept: str

    the_end: str
    thinking: str
    sleepy: str
    """The board is lost, and a stored story is told."""
    awake: str

    speak: str
    listening: str
    heard: str
    """{}: what was heard"""
    yes: str
    no: str
    not_heard: str
    cannot_hear: str

    quiet: str
    """{}: a time of day"""
    time_over: str
    one_more: str
    asked_to_sleep: str

    grown_ups: str
    code: str

    keys_space: str


@cache
def strings_in(language: str) -> StoryStrings:
    """Of one of LANGUAGES; KeyError where it is none."""
    return StoryStrings(**tomllib.loads(STRINGS_FILE.read_text("utf-8"))[language])
