"""What a child chooses from. Pure."""

from collections.abc import Iterable, Mapping

from duotui.story.cards import ROWS, Choice, Deck
from duotui.story.favourites import Kept
from duotui.story.strings import Phrases
from duotui.story.view_state import Offer

AGAIN, NEXT, NEW, KEEP = "again", "next", "new", "keep"
YES, NO = "yes", "no"


def cards(deck: Deck, row: int, language: str) -> tuple[Offer, ...]:
    found = deck.rows()[ROWS[row]]
    return tuple(Offer(card.key, card.label[language], card.picture) for card in found)


def ending(say: Phrases, *, kept: bool) -> tuple[Offer, ...]:
    offers = (
        Offer(AGAIN, say.again, "book"),
        Offer(NEXT, say.next, "star"),
        Offer(NEW, say.another, "gift"),
        Offer(KEEP, say.keep, "heart"),
    )
    return offers[:-1] if kept else offers


def answers(say: Phrases) -> tuple[Offer, ...]:
    return (Offer(YES, say.yes, "awake"), Offer(NO, say.no, "listening"))


def shelf(stories: Iterable[Kept], deck: Deck) -> tuple[Offer, ...]:
    pictures = {card.key: card.picture for card in deck.who}
    return tuple(
        Offer(str(at), kept.title, pictures.get(kept.choice.get("who", ""), "book"))
        for at, kept in enumerate(stories)
    )


def wished(deck: Deck, slots: Mapping[str, str], say: Phrases, language: str) -> str:
    """What was understood, as it is called on the cards."""
    commands = {"again": say.again, "next": say.next, "surprise": say.surprise}
    if slots.get("command") in commands:
        return commands[slots["command"]]
    rows = deck.rows()
    found = (card for row in ROWS for card in rows[row] if slots.get(row) == card.key)
    return ", ".join(card.label[language] for card in found)


def title(deck: Deck, choice: Choice, language: str) -> str:
    """The three cards, as they are called."""
    return ", ".join(card.label[language] for card in deck.cards(choice))
