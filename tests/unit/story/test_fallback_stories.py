"""Stories that come with the program."""

import random
import re

import pytest

from duotui.story.cards import CardChoice, deck
from duotui.story.content_filter import content_filter
from duotui.story.fallback_stories import FALLBACK_FILE, FallbackStory, endings, for_choice, stories
from duotui.story.sentences import complete_quotations, tidy


def test_there_is_one_for_every_hero() -> None:
    assert len(stories()) >= 12
    assert {story.who for story in stories()} == {card.key for card in deck().who}
    assert len({story.title for story in stories()}) == len(stories())


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.title)
def test_a_story_is_whole_fit_and_short(story: FallbackStory) -> None:
    assert 120 <= len(" ".join(story.sentences).split()) <= 200
    assert complete_quotations(story.sentences) == len(story.sentences)
    assert all(map(content_filter().fit, (story.title, *story.sentences)))
    assert all(len(sentence) <= 160 for sentence in story.sentences)
    assert all(re.fullmatch(r"""[A-Za-z ,.!?'"\n-]+""", text) for text in story.sentences)


def test_nothing_of_them_is_lost() -> None:
    text = tidy(FALLBACK_FILE.read_text("utf-8"))
    assert all(" ".join(story.sentences) in text for story in stories())
    assert text.count("[[story]]") == len(stories())


def test_endings_are_fit_sentences_of_their_own() -> None:
    assert len(set(endings())) == len(endings()) >= 6
    assert all(map(content_filter().fit, endings()))
    assert all(re.fullmatch(r"[A-Z][a-z, ]+\.", ending) for ending in endings())


def test_a_story_is_about_who_was_chosen() -> None:
    for card in deck().who:
        choice = CardChoice(card.key, "sea", "key")
        drawn = {for_choice(choice, random.Random(seed)).title for seed in range(40)}
        assert drawn == {story.title for story in stories() if story.who == card.key}


def test_of_an_unknown_hero_any_story_is_told() -> None:
    choice = CardChoice("whale", "sea", "key")
    assert len({for_choice(choice, random.Random(seed)).title for seed in range(40)}) > 3


def test_what_was_told_comes_last() -> None:
    choice = CardChoice("dog", "sea", "key")
    one, other = [story.title for story in stories() if story.who == "dog"]
    for seed in range(10):
        assert for_choice(choice, random.Random(seed), frozenset({one})).title == other
        assert for_choice(choice, random.Random(seed), frozenset({one, other})).who == "dog"
