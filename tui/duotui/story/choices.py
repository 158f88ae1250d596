"""Options that a child chooses from. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from duotui.story.cards import CARD_ROWS, CardChoice, Deck
from duotui.story.favourites import FavouriteStory
from duotui.story.strings import StoryStrings
from duotui.story.view_state import ChoiceOption

KEY_AGAIN, KEY_NEXT, KEY_NEW, KEY_KEEP = "again", "next", "new", "keep"
KEY_YES, KEY_NO = "yes", "no"


def cards(deck: Deck, row: int, language: str) -> tuple[ChoiceOption, ...]:
    row_cards = deck.rows()[CARD_ROWS[row]]
    return tuple(ChoiceOption(card.key, card.label[language], card.picture) for card in row_cards)


def ending(strings: StoryStrings, *, kept: bool) -> tuple[ChoiceOption, ...]:
    options = (
        ChoiceOption(KEY_AGAIN, strings.again, "book"),
        ChoiceOption(KEY_NEXT, strings.next, "star"),
        ChoiceOption(KEY_NEW, strings.another, "gift"),
        ChoiceOption(KEY_KEEP, strings.keep, "heart"),
    )
    return options[:-1] if kept else options


def answers(strings: StoryStrings) -> tuple[ChoiceOption, ...]:
    return (
        ChoiceOption(KEY_YES, strings.yes, "awake"),
        ChoiceOption(KEY_NO, strings.no, "listening"),
    )


def favourites(stories: Iterable[FavouriteStory], deck: Deck) -> tuple[ChoiceOption, ...]:
    pictures = {card.key: card.picture for card in deck.who}
    return tuple(
        ChoiceOption(str(at), story.title, pictures.get(story.choice.get("who", ""), "book"))
        for at, story in enumerate(stories)
    )


def wish_text(deck: Deck, slots: Mapping[str, str], strings: StoryStrings, language: str) -> str:
    """Labels of the recognized slots, as on the cards."""
    commands = {"again": strings.again, "next": strings.next, "surprise": strings.surprise}
    if slots.get("command") in commands:
        return commands[slots["command"]]
    rows = deck.rows()
    chosen = (card for row in CARD_ROWS for card in rows[row] if slots.get(row) == card.key)
    return ", ".join(card.label[language] for card in chosen)


def title(deck: Deck, choice: CardChoice, language: str) -> str:
    """Labels of the three cards."""
    return ", ".join(card.label[language] for card in deck.cards(choice))


def card_choice(picked: Sequence[ChoiceOption], name: str, own: str) -> CardChoice:
    """The choice of the cards `picked`, one of each row, for a child of `name`."""
    who, where, what = (option.key for option in picked)
    return CardChoice(who=who, where=where, what=what, name=name, own=own)
