"""Strings of the story screen in the user's language, except those of the cards.

The context of these messages in the catalogue says that they speak to a child. Tests keep technical
and frightening words out of them.
"""

from dataclasses import dataclass

from duotui.base.translation import pgettext


@dataclass(frozen=True, slots=True)
class StoryStrings:
    """Strings in one language."""

    hello: str
    """{name}: the child's name"""

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
    """{wish}: the recognized wish"""
    yes: str
    no: str
    not_heard: str
    cannot_hear: str

    quiet: str
    """{time}: a time of day"""
    time_over: str
    one_more: str
    asked_to_sleep: str

    grown_ups: str
    code: str

    in_english: str
    """Said where the screen is in another language than the stories."""

    keys_space: str


def story_strings() -> StoryStrings:
    """Return the strings in the language that is in use."""
    return StoryStrings(
        hello=pgettext("story machine", "Hello, {name}!"),
        who=pgettext("story machine", "Who is it about?"),
        where=pgettext("story machine", "Where are we?"),
        what=pgettext("story machine", "What happens?"),
        surprise=pgettext("story machine", "Surprise me"),
        stop=pgettext("story machine", "Stop"),
        again=pgettext("story machine", "Again"),
        next=pgettext("story machine", "What happens next?"),
        another=pgettext("story machine", "Another story"),
        go_on=pgettext("story machine", "Go on"),
        waiting=pgettext("story machine", "I am waiting for you."),
        favourites=pgettext("story machine", "My favorite stories"),
        no_favourites=pgettext(
            "story machine", "There is no story here yet. Keep one that you like!"
        ),
        keep=pgettext("story machine", "Keep this story"),
        kept=pgettext("story machine", "Kept! You find it with your favorite stories."),
        the_end=pgettext("story machine", "The end"),
        thinking=pgettext("story machine", "The story machine is thinking..."),
        sleepy=pgettext(
            "story machine", "The story machine is sleepy. Here is another story while it naps."
        ),
        awake=pgettext("story machine", "It is awake again! Back to our story."),
        speak=pgettext("story machine", "Say it"),
        listening=pgettext("story machine", "I am listening..."),
        heard=pgettext("story machine", "Did you say: {wish}?"),
        yes=pgettext("story machine", "Yes"),
        no=pgettext("story machine", "No"),
        not_heard=pgettext("story machine", "I did not hear you. Say it again, or pick a picture."),
        cannot_hear=pgettext("story machine", "My ears are closed today. Pick a picture!"),
        quiet=pgettext("story machine", "It is night. The story machine sleeps until {time}."),
        time_over=pgettext("story machine", "That was all for today. See you tomorrow!"),
        one_more=pgettext("story machine", "One more story"),
        asked_to_sleep=pgettext("story machine", "It is time to rest now. Sleep well!"),
        grown_ups=pgettext("story machine", "For grown-ups"),
        code=pgettext("story machine", "Grown-ups: which four numbers?"),
        in_english=pgettext("story machine", "The stories are in English."),
        keys_space=pgettext("story machine", "space bar"),
    )
