"""Story cards: who, where and what, and the prompt that they make.

The deck is data/story/cards.toml. Its texts were selected by experiment: the default model
continues them with a story about the chosen cards.
"""

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from duotui.base import resources
from duotui.speech.wish_grammar import ALONE_SUFFIX

DECK = resources.PACKAGE / "data" / "story" / "cards.toml"

CARD_ROWS = ("who", "where", "what")

CARDS_A_ROW = 9
"""Cards in a row at most: a digit selects one."""

OPENING_LIMIT = 240
"""Characters of an opening at most."""

_PRONOUNS = {
    "he": {"he": "he", "his": "his", "him": "him"},
    "she": {"he": "she", "his": "her", "him": "her"},
    "they": {"he": "they", "his": "their", "him": "them"},
}

_FRIEND = "Sam"
"""A friend's name that the model knows."""


@dataclass(frozen=True, slots=True)
class StoryCard:
    """`text` goes into the prompt; `label`, by language, and `picture` are shown on the card.

    `said` are the phrases that the recogniser accepts, `alone` those that occur in no longer wish.
    `names` and `pronoun` describe a hero; other rows leave them empty."""

    key: str
    text: str
    label: Mapping[str, str]
    said: tuple[str, ...]
    picture: str
    names: tuple[str, ...] = ()
    pronoun: str = ""
    alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardChoice:
    """Keys of three cards. `name` is the child's, "" if the child is not in the story. `own` is the
    key of the hero that the child can be."""

    who: str
    where: str
    what: str
    name: str = ""
    own: str = ""

    @property
    def hero(self) -> bool:
        """True if the child is the hero."""
        return self.name != "" and self.who == self.own


@dataclass(frozen=True, slots=True)
class Deck:
    who: tuple[StoryCard, ...]
    where: tuple[StoryCard, ...]
    what: tuple[StoryCard, ...]

    def rows(self) -> dict[str, tuple[StoryCard, ...]]:
        return {"who": self.who, "where": self.where, "what": self.what}

    def cards(self, choice: CardChoice) -> tuple[StoryCard, StoryCard, StoryCard]:
        """Cards for who, where and what. Raises KeyError if the deck has no such card."""
        return (
            _by_key(self.who, choice.who),
            _by_key(self.where, choice.where),
            _by_key(self.what, choice.what),
        )

    def draw(self, rng: random.Random, name: str = "", own: str = "") -> CardChoice:
        """Draw three cards at random."""
        who, where, what = (rng.choice(row).key for row in self.rows().values())
        return CardChoice(who=who, where=where, what=what, name=name, own=own)

    def opening(self, choice: CardChoice) -> str:
        """The prompt of a story. The child is the hero if `choice.hero`, else the hero's best
        friend. Raises KeyError if the deck has no such card."""
        who, where, what = self.cards(choice)
        friend = "" if choice.hero else choice.name
        other = next(name for name in who.names if name != friend)
        hero = choice.name if choice.hero else other
        words = _PRONOUNS["they" if friend else who.pronoun]
        friends = f" {hero} and {friend} were best friends." if friend else ""
        happens = what.text.format_map(words)
        return (
            f"Once upon a time, there was {who.text} named {hero}.{friends}"
            f" {words['he'].capitalize()} lived {where.text}. One day, {happens}."
        )

    def known(self, choice: CardChoice) -> CardChoice:
        """Replace the child's name with one that the model knows: a small model forgets any other
        after the opening. `renamed` puts the child's name back into the story."""
        who = _by_key(self.who, choice.who)
        if not choice.name or choice.name in who.names:
            return choice
        return replace(choice, name=who.names[0] if choice.hero else _FRIEND)

    def spoken(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Vocabulary for speech/wish_grammar.py: phrases by row and card key.

        Phrases of `alone` stand under row + ALONE_SUFFIX."""
        rows = self.rows().items()
        phrases = {row: {card.key: card.said for card in cards} for row, cards in rows}
        alone = {
            row + ALONE_SUFFIX: {card.key: card.alone for card in cards} for row, cards in rows
        }
        return phrases | alone


def renamed(text: str, known: str, name: str) -> str:
    """Replace each whole word `known` in `text` with `name`: Sam, but not Samantha."""
    return re.sub(rf"\b{re.escape(known)}\b", lambda _: name, text) if known and name else text


@cache
def deck() -> Deck:
    """The deck in data/story/cards.toml."""
    rows = tomllib.loads(DECK.read_text("utf-8"))
    return Deck(**{row: tuple(map(_card, rows[row])) for row in CARD_ROWS})


def _card(row: Mapping[str, Any]) -> StoryCard:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return StoryCard(**{**row, **lists})


def _by_key(row: tuple[StoryCard, ...], key: str) -> StoryCard:
    for card in row:
        if card.key == key:
            return card
    raise KeyError(key)
