"""Whole sentences of a growing text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.story.sentences import (
    FORCED_ENDING,
    NEXT_OPENING,
    complete_quotations,
    recap,
    reminder,
    tidy,
    whole_sentences,
)

STORY_SENTENCES = st.lists(
    st.sampled_from(
        [
            "He ran. ",
            'She said, "Go!" ',
            '"Why?" ',
            "asked Mr. Bear. ",
            "The end",
            "\n",
            " ",
            '"',
            "“Come. ",
            "In.” ",
            "... ",
            "2.50 ",
            "so",
            "? ",
            "The\u00a0cat ",
            "\x1c",
            "x" * 320,
        ]
    ),
    max_size=30,
).map("".join) | st.text(max_size=300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("He ran", ()),
        ("He ran.", ()),
        ("He ran. ", ()),
        ("He ran. S", ("He ran.",)),
        ('"Go!" ', ()),
        ('"Go!" s', ()),
        ('"Go!" she said. H', ('"Go!" she said.',)),
        ("Mr. B", ()),
        ("One day,\n he ran.\n\nShe  slept. T", ("One day,", "he ran.", "She slept.")),
        ("Wow! ... Then he ran. S", ("Wow!", "... Then he ran.")),
        (". . . ", ()),
        ("It cost 2.50 then. I", ("It cost 2.50 then.",)),
        ("He said, “Go.” She went. ", ("He said, “Go.”",)),
        ("ran on and on " * 60 + "home. It", ()),
    ],
)
def test_what_is_whole_while_it_grows(text: str, expected: tuple[str, ...]) -> None:
    assert whole_sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He ran. She", ("He ran.",)),
        ("He ran.", ("He ran.",)),
        ('He ran. "Go!"', ("He ran.", '"Go!"')),
        ("He ran. She slept!  \n", ("He ran.", "She slept!")),
        ("He ran. And then the", ("He ran.",)),
        ("He ran.\nThe end", ("He ran.",)),
        ("He ran. ...", ("He ran.",)),
        ("", ()),
    ],
)
def test_what_is_whole_when_it_is_over(text: str, expected: tuple[str, ...]) -> None:
    assert whole_sentences(text, over=True) == expected


@given(STORY_SENTENCES, st.booleans())
def test_whole_sentences_are_the_tidy_text_from_its_beginning(text: str, over: bool) -> None:
    result = whole_sentences(text, over)
    assert tidy(text).startswith(" ".join(result))
    assert all(sentence == tidy(sentence) != "" for sentence in result)


@given(STORY_SENTENCES)
def test_what_was_given_once_stays(text: str) -> None:
    before: tuple[str, ...] = ()
    for end in range(len(text) + 1):
        now = whole_sentences(text[:end])
        assert now[: len(before)] == before
        before = now
    assert whole_sentences(text, over=True)[: len(before)] == before


@given(STORY_SENTENCES)
def test_only_what_is_unfinished_is_left_out(text: str) -> None:
    result = whole_sentences(text + "\nThe next one is here. N")
    assert len(tidy(text)) > 600 or result[-1].endswith("The next one is here.")


@pytest.mark.parametrize(
    ("sentences", "count"),
    [
        ((), 0),
        (("He ran.",), 1),
        (("He ran.", '"Hello.'), 1),
        (("He ran.", '"Hello.', 'How are you?" he said.'), 3),
        (('"Hello.', "How are you?"), 0),
        (('"Go!" he said.', "“No.", "Not now.” She left.", "“But"), 3),
        (('"Hello, said Tim.', "He ran.", '"Bye," said Tim.', "He slept."), 4),
        (("It's the dogs' ball.",), 1),
        (('He said "', 'Go!"'), 2),
        (('He said, "Go!',), 0),
        (('"Go!", he said.',), 1),
    ],
)
def test_no_quotation_stays_open(sentences: tuple[str, ...], count: int) -> None:
    assert complete_quotations(sentences) == count


@given(st.lists(STORY_SENTENCES.map(tidy), max_size=8))
def test_what_is_kept_can_be_kept(sentences: list[str]) -> None:
    count = complete_quotations(sentences)
    assert 0 <= count <= len(sentences)
    assert complete_quotations(sentences[:count]) == count


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (300, "Tim ran. He met a cat. They played."),
        (26, "He met a cat. They played."),
        (25, "They played."),
        (12, "They played."),
        (11, "played."),
        (0, ""),
    ],
)
def test_a_recap_is_the_last_sentences_that_fit(limit: int, expected: str) -> None:
    assert recap(("Tim ran.", "He met a cat.", "They played."), limit) == expected


def test_a_recap_begins_outside_a_quotation_where_it_can() -> None:
    sentences = ('"Hello.', 'Who are you?" asked Tim.', "He smiled.")
    assert recap(sentences, 40) == "He smiled."
    assert recap(('"Hello.', 'Who are you?" asked Tim.'), 30) == 'Who are you?" asked Tim.'


@given(st.lists(STORY_SENTENCES.map(tidy), max_size=8), st.integers(0, 400))
def test_a_recap_is_never_too_long(sentences: list[str], limit: int) -> None:
    result = recap(sentences, limit)
    assert len(result) <= limit
    assert " ".join(sentences).endswith(result)


@pytest.mark.parametrize("beginning", [FORCED_ENDING, NEXT_OPENING])
def test_the_engine_s_words_begin_with_their_own_space(beginning: str) -> None:
    assert beginning == tidy(beginning)
    assert whole_sentences(f"{beginning} they went home. ", over=True) == (
        f"{beginning} they went home.",
    )


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        ((), ""),
        (("A.",), "A."),
        (("A.", "B.", "C."), "A. B. C."),
        (("A.", "B.", "C.", "D."), "A. B. D."),
    ],
)
def test_a_reminder_is_the_beginning_and_the_last_one(
    sentences: tuple[str, ...], expected: str
) -> None:
    assert reminder(sentences) == expected
