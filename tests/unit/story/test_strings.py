"""Words of the interface, in both languages."""

import dataclasses
import re

import pytest

from duotui.base.resources import PACKAGE
from duotui.base.translation import LANGUAGES, language_in_use
from duotui.story.cards import deck
from duotui.story.content_filter import content_filter
from duotui.story.strings import StoryStrings, story_strings
from support.strings import TECHNICAL, TECHNICAL_ZH

STRING_KEYS = [field.name for field in dataclasses.fields(StoryStrings)]


def strings_in(language: str) -> StoryStrings:
    with language_in_use(language):
        return story_strings()


SAID_TO_GROWN_UPS = {"code"}
"""The question of the parents' lock."""


def words() -> list[tuple[str, str, str]]:
    return [
        (lang, key, getattr(strings_in(lang), key)) for lang in LANGUAGES for key in STRING_KEYS
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_there(language: str) -> None:
    phrases = strings_in(language)
    assert all(getattr(phrases, key).strip() == getattr(phrases, key) != "" for key in STRING_KEYS)


def test_every_phrase_is_said_and_what_is_said_is_one() -> None:
    sources = [path for folder in ("story", "ui") for path in (PACKAGE / folder).rglob("*.py")]
    pattern = re.compile(r'\b_?strings\.(\w+)|\b_show_not_understood\("(\w+)"\)')
    used = {
        name
        for path in sources
        for pair in pattern.findall(path.read_text("utf-8"))
        for name in pair
        if name
    }
    assert used == set(STRING_KEYS)


def test_what_is_filled_in_is_the_same_in_all_languages() -> None:
    for language in LANGUAGES:
        filled = {
            key: re.findall(r"{.*?}", getattr(strings_in(language), key)) for key in STRING_KEYS
        }
        assert {key: names for key, names in filled.items() if names} == {
            "hello": ["{name}"],
            "heard": ["{wish}"],
            "quiet": ["{time}"],
        }


def test_no_technical_word_is_among_them() -> None:
    labels = [("en", card.key, card.label["en"]) for row in deck().rows().values() for card in row]
    for _, key, text in [*words(), *labels]:
        used = set(re.findall(r"[a-z]+", text.lower())) & set(TECHNICAL)
        assert not used or key in SAID_TO_GROWN_UPS, (key, text, used)
    for lang, key, text in words():
        if lang == "zh":
            assert not [word for word in TECHNICAL_ZH if word in text], (key, text)


def test_they_are_fit_for_a_child() -> None:
    assert [text for _, _, text in words() if content_filter().unfit(text)] == []


def test_each_language_is_itself() -> None:
    for lang, key, text in words():
        if lang == "en":
            assert text.isascii(), key
        else:
            assert re.search(r"[\u4e00-\u9fff]", text), key
            assert not re.search(r"[A-Za-z]", re.sub(r"{\w+}", "", text)), key
            assert not re.search(r"[,.?!;:]", text), key  # the phrase's own punctuation


def test_they_fit_a_narrow_page() -> None:
    assert max(len(text) for _, _, text in words()) <= 72


def test_no_such_language() -> None:
    with pytest.raises(KeyError):
        strings_in("xx")


def test_nobody_changes_them() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        strings_in("en").hello = "x"  # type: ignore[misc]
