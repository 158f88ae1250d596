"""Strings of the story screen, except those of the cards: data/story/phrases.toml.

Tests keep technical and frightening words out of them.
"""

import tomllib
from dataclasses import dataclass
from functools import cache

from duotui.base import resources

STRINGS_FILE = resources.PACKAGE / "data" / "story" / "phrases.toml"

LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
"""Names of the languages, in themselves, by the code in the settings."""


@dataclass(frozen=True, slots=True)
class StoryStrings:
    """Strings in one language."""

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
    """Shown while the board is away and a fallback is read."""
    awake: str

    speak: str
    listening: str
    heard: str
    """{}: the recognized wish"""
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
    """Strings of a language in LANGUAGE_NAMES. Raises KeyError for any other."""
    return StoryStrings(**tomllib.loads(STRINGS_FILE.read_text("utf-8"))[language])
