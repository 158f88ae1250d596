"""What the two headlines say: the link's and the comparison's."""

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
from ui import stage
from ui.stage import BASELINE, BOARD, words


def after(*events: Event) -> SessionState:
    state = SessionState()
    for event in events:
        state = reduce(state, event)
    return state


def said(*events: Event) -> str:
    at = comparison_status(after(*events), UNICODE_GLYPHS)
    return f"{at.sign} {at.word}" + (f": {at.detail}" if at.detail else "")


@pytest.mark.parametrize(
    ("events", "word"),
    [
        ([], "○ not connected"),
        ([LinkOpening(0, BOARD, "sim")], "◌ connecting…"),
        ([LinkUp(0, BOARD, "sim", "sim")], "◌ waiting for the engine…"),
        (stage.ready(), "● ready"),
        ([*stage.ready(), LinkSilent(1, BOARD, 1.0)], "? silent"),
        ([*stage.ready(), LinkSilent(1, BOARD, 1.0), LinkResponding(2, BOARD)], "● ready"),
        (stage.identical_so_far(), "▶ telling"),
        ([*stage.identical_so_far(), *stage.gauges(BOARD, 60, paused=True)], "‖ paused"),
        ([*stage.identical_so_far(), stage.ended(BOARD, 60, EndReason.CANCELLED)], "✓ stopped"),
        ([*stage.identical_so_far(), stage.ended(BOARD, 60, EndReason.FAILED)], "✗ failed"),
        (stage.identical_end(), "✓ done"),
        ([*stage.identical_end(), *stage.speech(3)], "♪ speaking, 4 of 12"),
        ([*stage.ready(), LinkLost(1, BOARD, "gone")], "✗ lost"),
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
    assert said(*stage.ready()) == "· nothing to compare yet"


def test_identical_so_far_counts_what_was_compared() -> None:
    assert said(*stage.identical_so_far()) == "= identical so far, 52 of 60 tokens"


def test_identical_to_the_end() -> None:
    count = len(words(stage.TALE))
    assert said(*stage.identical_end()) == f"= identical, all {count} tokens"


def test_the_first_difference_has_both_words_and_their_chances() -> None:
    assert said(*stage.differing()) == (
        "≠ differs at token 42: board “Lily” 41 %, baseline “soft.” 41 %"
    )


def test_a_chance_that_is_not_known_is_not_shown() -> None:
    ours = stage.tokens(BOARD, ["a"])
    ours = replace(ours, tokens=(replace(ours.tokens[0], probability=math.nan),))
    events = [stage.started(BOARD), ours, stage.started(BASELINE), stage.tokens(BASELINE, ["b"])]
    assert said(*events) == "≠ differs at token 1: board “a”, baseline “b” 39 %"


def test_a_story_that_ends_earlier_differs_there() -> None:
    events: list[Event] = []
    for narrator, told in ((BOARD, 3), (BASELINE, 5)):
        events += [
            stage.started(narrator),
            stage.tokens(narrator, words("a b c d e")[:told]),
            stage.ended(narrator, told),
        ]
    assert said(*events) == "≠ differs at token 4: board ends, baseline “d” 41 %"


def test_a_baseline_that_is_not_there_is_said_plainly() -> None:
    lost = LinkLost(1, BASELINE, "The engine was not found", "make engine builds it")
    events = [lost, stage.started(BOARD), stage.tokens(BOARD, ["a"])]
    assert said(*events) == (
        "? baseline unavailable: The engine was not found. Make engine builds it"
    )


def test_ascii_says_the_same_without_other_characters() -> None:
    for script in (stage.differing(), stage.identical_end(), stage.ready(), []):
        for at in (
            comparison_status(after(*script), ASCII_GLYPHS),
            link_status(after(*script).board, ASCII_GLYPHS),
        ):
            assert f"{at.sign}{at.word}{at.detail}".isascii()
