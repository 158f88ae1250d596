"""Catalogue of stories: new ones from three cards, and the favourites."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from duotui.session.session import SessionProtocol
from duotui.settings.parental_settings import ParentalSettings
from duotui.story import choices
from duotui.story.cards import CARD_ROWS, CardChoice, Deck, renamed
from duotui.story.favourites import Favourites, FavouriteStory
from duotui.story.generator import GeneratedStory, StoryGenerator
from duotui.story.view_state import ChoiceOption

SEED_LIMIT = 2**31
FAVOURITES_SHOWN = 9
"""Favourites on the screen: a digit selects one."""


@dataclass(frozen=True, slots=True)
class CatalogueStory:
    """A story with its title and its cards."""

    title: str
    choice: CardChoice
    generated: GeneratedStory


class Catalogue:
    """`stored` returns the sentences of a fallback story. `wall` returns the local time."""

    def __init__(
        self,
        deck: Deck,
        generator: StoryGenerator,
        session: SessionProtocol,
        favourites: Favourites,
        stored: Callable[[CardChoice, random.Random], Sequence[str]],
        rng: random.Random,
        wall: Callable[[], datetime],
    ) -> None:
        self.deck, self.generator, self.favourites = deck, generator, favourites
        self._session, self._stored, self._rng, self._wall = session, stored, rng, wall

    def draw(self, parental: ParentalSettings) -> CardChoice:
        """Draw three cards at random, with the child's name."""
        return self.deck.draw(self._rng, parental.name, parental.is_a)

    def new(self, choice: CardChoice, language: str) -> CatalogueStory:
        """Create a story that holds its opening only."""
        known = self.deck.known(choice)
        generated = GeneratedStory(
            self.deck.opening(known),
            self._rng.randrange(1, SEED_LIMIT),
            lambda sentence: renamed(sentence, known.name, choice.name),
        )
        return CatalogueStory(choices.title(self.deck, choice, language), choice, generated)

    def fallback_sentences(self, story: CatalogueStory) -> Sequence[str]:
        return self._stored(story.choice, self._rng)

    def save(self, story: CatalogueStory) -> None:
        ready = self._session.state.board.ready
        self.favourites.add(
            FavouriteStory(
                title=story.title,
                choice={row: getattr(story.choice, row) for row in CARD_ROWS},
                sentences=tuple(story.generated.sentences),
                seed=story.generated.seed,
                mode=self.generator.usual.mode,
                model_hash=ready.model_hash if ready is not None else "",
                when=self._wall(),
            )
        )

    def favourite_options(self) -> tuple[ChoiceOption, ...]:
        return choices.favourites(self.favourites.all()[:FAVOURITES_SHOWN], self.deck)

    def favourite(self, number: int) -> CatalogueStory:
        """The favourite at index `number`, the newest first, with its original text."""
        kept = self.favourites.all()[number]
        choice = CardChoice(**{row: kept.choice.get(row, "") for row in CARD_ROWS})
        return CatalogueStory(kept.title, choice, GeneratedStory.of(kept.sentences, kept.seed))
