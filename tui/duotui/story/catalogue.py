"""Which stories there are: new ones of three cards, and those that were kept."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from duotui.session.session import Sitting
from duotui.settings.parental_settings import Household
from duotui.story import choices
from duotui.story.cards import ROWS, Choice, Deck, renamed
from duotui.story.favourites import Kept, Shelf
from duotui.story.generator import Tale, Teller
from duotui.story.view_state import Offer

SEEDS = 2**31
SHOWN = 9
"""Favourites that are shown: a digit picks one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A story with what it is about."""

    title: str
    choice: Choice
    tale: Tale


class Repertoire:
    """`stored` gives a story that needs no engine. `wall` is the local time."""

    def __init__(
        self,
        deck: Deck,
        teller: Teller,
        sitting: Sitting,
        shelf: Shelf,
        stored: Callable[[Choice, random.Random], Sequence[str]],
        rng: random.Random,
        wall: Callable[[], datetime],
    ) -> None:
        self.deck, self.teller, self.shelf = deck, teller, shelf
        self._sitting, self._stored, self._rng, self._wall = sitting, stored, rng, wall

    def drawn(self, child: Household) -> Choice:
        """A surprise."""
        return self.deck.draw(self._rng, child.name, child.is_a)

    def new(self, choice: Choice, language: str) -> Piece:
        """Nothing of it is told yet, but its opening."""
        known = self.deck.known(choice)
        tale = Tale(
            self.deck.opening(known),
            self._rng.randrange(1, SEEDS),
            lambda sentence: renamed(sentence, known.name, choice.name),
        )
        return Piece(choices.title(self.deck, choice, language), choice, tale)

    def while_away(self, piece: Piece) -> Sequence[str]:
        return self._stored(piece.choice, self._rng)

    def keep(self, piece: Piece) -> None:
        ready = self._sitting.state.board.ready
        self.shelf.add(
            Kept(
                piece.title,
                {row: getattr(piece.choice, row) for row in ROWS},
                tuple(piece.tale.sentences),
                piece.tale.seed,
                self.teller.usual.mode,
                ready.model_hash if ready is not None else "",
                self._wall(),
            )
        )

    def favourites(self) -> tuple[Offer, ...]:
        return choices.shelf(self.shelf.all()[:SHOWN], self.deck)

    def favourite(self, number: int) -> Piece:
        """As it was told."""
        kept = self.shelf.all()[number]
        choice = Choice(**{row: kept.choice.get(row, "") for row in ROWS})
        return Piece(kept.title, choice, Tale.of(kept.sentences, kept.seed))
