"""Texts of the two headlines: the link's and the comparison's."""

import math
from dataclasses import replace

import pytest

from duotui.protocol.events import (
    EndReason,
    Event,
    LinkLost,
    LinkOpening,
    LinkResponding,
    LinkSilent,
    LinkUp,
)
from duotui.session.state import SessionState, reduce
from duotui.ui.glyphs import ASCII_GLYPHS, UNICODE_GLYPHS
from duotui.ui.status_text import comparison_status, link_status
from support import scripted_session
from support.scripted_session import BASELINE, BOARD, words


def after(*events: Event) -> SessionState:
    state = SessionState()
    for event in events:
        state = reduce(state, event)
    return state


def comparison(*events: Event) -> str:
    at = comparison_status(after(*events), UNICODE_GLYPHS)
    return f"{at.sign} {at.word}" + (f": {at.detail}" if at.detail else "")


@pytest.mark.parametrize(
    ("events", "word"),
    [
        ([], "○ not connected"),
        ([LinkOpening(0, BOARD, "sim")], "◌ connecting…"),
        ([LinkUp(0, BOARD, "sim", "sim")], "◌ waiting for the engine…"),
        (scripted_session.ready(), "● ready"),
        ([*scripted_session.ready(), LinkSilent(1, BOARD, 1.0)], "? silent"),
        (
            [*scripted_session.ready(), LinkSilent(1, BOARD, 1.0), LinkResponding(2, BOARD)],
            "● ready",
        ),
        (scripted_session.identical_so_far(), "▶ telling"),
        (
            [
                *scripted_session.identical_so_far(),
                *scripted_session.gauges(BOARD, 60, paused=True),
            ],
            "‖ paused",
        ),
        (
            [
                *scripted_session.identical_so_far(),
                scripted_session.ended(BOARD, 60, EndReason.CANCELLED),
            ],
            "✓ stopped",
        ),
        (
            [
                *scripted_session.identical_so_far(),
                scripted_session.ended(BOARD, 60, EndReason.FAILED),
            ],
            "✗ failed",
        ),
        (scripted_session.identical_end(), "✓ done"),
        ([*scripted_session.identical_end(), *scripted_session.speech(3)], "♪ speaking, 4 of 12"),
        ([*scripted_session.ready(), LinkLost(1, BOARD, "gone")], "✗ lost"),
    ],
)
def test_each_state_of_the_link_has_a_sign_and_a_word(events: list[Event], word: str) -> None:
    at = link_status(after(*events).board, UNICODE_GLYPHS)
    assert f"{at.sign} {at.word}" == word


def test_a_loss_says_why_and_what_helps() -> None:
    lost = LinkLost(1, BOARD, "The port is gone", "Plug the cable in again.")
    assert (
        link_status(after(lost).board, UNICODE_GLYPHS).detail
        == "The port is gone. Plug the cable in again"
    )


def test_nothing_was_told_yet() -> None:
    assert comparison(*scripted_session.ready()) == "· nothing to compare yet"


def test_identical_so_far_counts_what_was_compared() -> None:
    assert comparison(*scripted_session.identical_so_far()) == "= identical so far, 52 of 60 tokens"


def test_identical_to_the_end() -> None:
    count = len(words(scripted_session.STORY_TEXT))
    assert comparison(*scripted_session.identical_end()) == f"= identical, all {count} tokens"


def test_the_first_difference_has_both_words_and_their_chances() -> None:
    assert comparison(*scripted_session.differing()) == (
        "≠ differs at token 42: board “Lily” 41 %, baseline “soft.” 41 %"
    )


def test_a_chance_that_is_not_known_is_not_shown() -> None:
    ours = scripted_session.tokens(BOARD, ["a"])
    ours = replace(ours, tokens=(replace(ours.tokens[0], probability=math.nan),))
    events = [
        scripted_session.started(BOARD),
        ours,
        scripted_session.started(BASELINE),
        scripted_session.tokens(BASELINE, ["b"]),
    ]
    assert comparison(*events) == "≠ differs at token 1: board “a”, baseline “b” 39 %"


def test_a_story_that_ends_earlier_differs_there() -> None:
    events: list[Event] = []
    for source, count in ((BOARD, 3), (BASELINE, 5)):
        events += [
            scripted_session.started(source),
            scripted_session.tokens(source, words("a b c d e")[:count]),
            scripted_session.ended(source, count),
        ]
    assert comparison(*events) == "≠ differs at token 4: board ends, baseline “d” 41 %"


def test_a_baseline_that_is_not_there_is_said_plainly() -> None:
    lost = LinkLost(1, BASELINE, "The engine was not found", "make engine builds it")
    events = [lost, scripted_session.started(BOARD), scripted_session.tokens(BOARD, ["a"])]
    assert comparison(*events) == (
        "? baseline unavailable: The engine was not found. Make engine builds it"
    )


def test_ascii_says_the_same_without_other_characters() -> None:
    for script in (
        scripted_session.differing(),
        scripted_session.identical_end(),
        scripted_session.ready(),
        [],
    ):
        for at in (
            comparison_status(after(*script), ASCII_GLYPHS),
            link_status(after(*script).board, ASCII_GLYPHS),
        ):
            assert f"{at.sign}{at.word}{at.detail}".isascii()
