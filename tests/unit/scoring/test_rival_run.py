"""Progress of a rival run by its own clock alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.protocol.events import EndReason, Event
from duotui.scoring.rival_run import elapsed, rival
from duotui.session.state import SessionState, reduce
from support import scripted_session
from support.scripted_session import BOARD, STORY_TEXT, words

PIECES = words(STORY_TEXT)


def states(*events: Event) -> list[SessionState]:
    result = [SessionState()]
    for event in events:
        result.append(reduce(result[-1], event))
    return result


def story_events(period: int = 41_000) -> list[Event]:
    return [
        *scripted_session.ready(),
        scripted_session.started(BOARD),
        scripted_session.tokens(BOARD, PIECES, period=period),
        scripted_session.ended(BOARD, len(PIECES)),
        scripted_session.gauges(BOARD, 3, idle=True)[0],
    ]


@given(st.floats(0, 20))
def test_it_has_told_what_it_had_told_by_then(seconds: float) -> None:
    run = rival("base", states(*story_events()))
    assert run is not None
    then = run.at(seconds)
    state = run.source_state
    assert state.run is not None
    clocks = [token.clock - state.run.clock for token in state.tokens]
    assert len(then.tokens) == sum(clock <= seconds * 1e6 for clock in clocks)
    assert then.tokens == state.tokens[: len(then.tokens)]
    assert (then.ended is not None) == (len(then.tokens) == len(state.tokens))


def test_the_clock_begins_with_the_story() -> None:
    """A board that had been on for a day starts at zero, too."""
    day = 86_400_000_000
    late = replace(scripted_session.started(BOARD), clock=day)
    shifted = scripted_session.tokens(BOARD, PIECES)
    shifted = replace(
        shifted, tokens=tuple(replace(token, clock=token.clock + day) for token in shifted.tokens)
    )
    here, there = (
        states(late, shifted)[-1].board,
        states(scripted_session.started(BOARD), shifted)[-1].board,
    )
    assert elapsed(here) == pytest.approx(len(PIECES) * 0.041, abs=0.45)
    assert elapsed(there) > 86_000
    assert elapsed(SessionState().board) == 0


def test_only_a_whole_story_races_and_the_last_of_them() -> None:
    assert rival("base", states(*story_events()[:-1])) is None
    stopped = [
        *story_events()[:-2],
        scripted_session.ended(BOARD, 3, EndReason.CANCELLED),
        story_events()[-1],
    ]
    assert rival("base", states(*stopped)) is None
    twice = rival("base", states(*story_events(), *story_events(80_000)))
    assert twice is not None
    assert elapsed(twice.source_state) > 1.9 * 41_000 * len(PIECES) / 1e6
