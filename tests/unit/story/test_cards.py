"""Deck of cards, and the engine's prompt for a choice."""

import itertools
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sentencepiece

from duotui.base import resources
from duotui.pictures.icons import named
from duotui.speech.wish_grammar import ALONE_SUFFIX
from duotui.story.cards import CARD_ROWS, CARDS_A_ROW, OPENING_LIMIT, CardChoice, deck, renamed
from duotui.story.content_filter import content_filter
from duotui.story.sentences import whole_sentences

DECK = deck()
CHILD_NAMES = ("", "Mia", "小明", "Max", "Lily", "W" * 20)
CHOICES = [
    CardChoice(who.key, where.key, what.key, name)
    for who, where, what, name in itertools.product(DECK.who, DECK.where, DECK.what, CHILD_NAMES)
]


def test_a_digit_picks_each_card() -> None:
    for row in DECK.rows().values():
        assert 6 <= len(row) <= CARDS_A_ROW == 9
        assert len({card.key for card in row}) == len(row)


@pytest.mark.parametrize("row", CARD_ROWS)
def test_cards_can_be_seen_and_said(row: str) -> None:
    forms = [way for card in DECK.rows()[row] for way in (*card.said, *card.alone)]
    assert len(set(forms)) == len(forms)
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*", way) for way in forms)
    for card in DECK.rows()[row]:
        assert set(card.label) == {"en", "zh"}
        assert card.label["en"].isascii()
        assert all(0 < len(label) <= 16 and label.isprintable() for label in card.label.values())
        assert re.search(r"[\u4e00-\u9fff]", card.label["zh"])
        assert named(card.picture).name == card.picture
        assert (card.pronoun in ("he", "she") and len(set(card.names)) >= 2) == (row == "who")


def test_every_opening_is_a_few_fit_short_sentences() -> None:
    for choice in CHOICES:
        opening = DECK.opening(choice)
        sentences = whole_sentences(opening, over=True)
        assert len(sentences) == 3 + (bool(choice.name) and not choice.hero)
        assert " ".join(sentences) == opening
        assert len(opening) <= OPENING_LIMIT
        assert all(map(content_filter().fit, sentences))
        assert "{" not in opening
        assert choice.name in opening


def test_an_opening_fits_the_engine() -> None:
    pieces = sentencepiece.SentencePieceProcessor(
        model_file=str(resources.PACKAGE / "data" / "stories.model")
    )
    longest = max(len(pieces.encode(DECK.opening(choice))) for choice in CHOICES)
    assert 30 < longest < 70


def test_pronouns_are_right() -> None:
    for choice in CHOICES:
        hero, *_ = DECK.cards(choice)
        opening = DECK.opening(choice)
        they = bool(choice.name) and not choice.hero
        words = set(re.findall(r"\w+", opening.lower()))
        wrong = {
            "they": {"he", "his", "him", "she", "her"},
            "she": {"he", "his", "him", "they", "their", "them"},
            "he": {"she", "her", "they", "their", "them"},
        }
        assert words.isdisjoint(wrong["they" if they else hero.pronoun])
        assert not re.search(r"\b(they|he|she) (was|were|has|have|is|are)\b", opening)
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", opening)


@pytest.mark.parametrize(
    ("choice", "opening"),
    [
        (
            CardChoice("dog", "forest", "key"),
            "Once upon a time, there was a little dog named Max. He lived in a big forest."
            " One day, he found a shiny key.",
        ),
        (
            CardChoice("cat", "sea", "lost", "Mia"),
            "Once upon a time, there was a little cat named Kitty. Kitty and Mia were best friends."
            " They lived near the sea. One day, they got lost and could not find their way home.",
        ),
        (
            CardChoice("girl", "farm", "lost", "Mia", "girl"),
            "Once upon a time, there was a little girl named Mia. She lived on a farm."
            " One day, she got lost and could not find her way home.",
        ),
        (
            CardChoice("boy", "farm", "lost", "Mia", "girl"),
            "Once upon a time, there was a little boy named Tim. Tim and Mia were best friends."
            " They lived on a farm. One day, they got lost and could not find their way home.",
        ),
        (
            CardChoice("dog", "park", "rain", "Max"),
            "Once upon a time, there was a little dog named Spot. Spot and Max were best friends."
            " They lived near the park. One day, they saw a big cloud, and it started to rain.",
        ),
    ],
)
def test_an_opening(choice: CardChoice, opening: str) -> None:
    assert DECK.opening(choice) == opening


def test_what_the_engine_knows_is_renamed_back() -> None:
    for choice in CHOICES:
        known = DECK.known(choice)
        assert replace(known, name=choice.name) == choice
        assert bool(known.name) == bool(choice.name)
        renamed_text = renamed(DECK.opening(known), known.name, choice.name)
        assert renamed_text == DECK.opening(choice)
        assert not re.search(r"\b(\w+) and \1\b", renamed_text)


def test_the_engine_is_given_names_that_it_knows() -> None:
    assert DECK.known(CardChoice("girl", "sea", "key", "小明", "girl")).name == "Lily"
    assert DECK.known(CardChoice("dog", "sea", "key", "小明")).name == "Sam"
    assert (
        DECK.known(CardChoice("dog", "sea", "key", "Max")).name == "Max"
    )  # not a friend of itself


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Sam!" said Sam\'s mom. Samantha sat.', '"Mia!" said Mia\'s mom. Samantha sat.'),
        ("sam", "sam"),
        ("", ""),
    ],
)
def test_renamed(text: str, expected: str) -> None:
    assert renamed(text, "Sam", "Mia") == expected


def test_a_name_is_no_pattern() -> None:
    assert renamed("Sam ran.", "Sam", r"\1\g<0>") == r"\1\g<0> ran."
    assert renamed("Sam ran.", "", "Mia") == renamed("Sam ran.", "Sam", "") == "Sam ran."


def test_a_surprise_is_any_card_and_the_same_for_the_same_chance() -> None:
    drawn = {DECK.draw(random.Random(seed), "Mia") for seed in range(300)}
    assert {choice.who for choice in drawn} == {card.key for card in DECK.who}
    assert {choice.what for choice in drawn} == {card.key for card in DECK.what}
    assert {choice.name for choice in drawn} == {"Mia"}
    assert DECK.draw(random.Random(5)) == DECK.draw(random.Random(5))


@pytest.mark.parametrize("choice", [CardChoice("x", "sea", "key"), CardChoice("dog", "key", "sea")])
def test_no_such_card(choice: CardChoice) -> None:
    with pytest.raises(KeyError):
        DECK.opening(choice)


def test_a_recognizer_can_tell_cards_apart() -> None:
    vocabulary = DECK.spoken()
    assert list(vocabulary) == [*CARD_ROWS, *(row + ALONE_SUFFIX for row in CARD_ROWS)]
    assert vocabulary["who"]["dog"][0] == "a dog"
    every = [way for row in vocabulary.values() for ways in row.values() for way in ways]
    assert len(set(every)) == len(every)  # across the rows, too


def test_a_recognizer_knows_every_word() -> None:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    lines = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text("utf-8")
    known = {line.split()[0] for line in lines.splitlines() if line}
    words = {
        word
        for row in DECK.spoken().values()
        for ways in row.values()
        for way in ways
        for word in way.split()
    }
    assert words - known == set()
