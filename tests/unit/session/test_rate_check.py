"""A rate is believed only as far as the tokens' clocks and the host's own time bear it out."""

from dataclasses import replace

import pytest

from duotui.protocol import events
from duotui.protocol.events import EndReason, Event
from duotui.protocol.tokens import Token
from duotui.scoring.run import Run, RunCollector, rate_doubts
from duotui.session.source_state import SourceState
from duotui.session.state import SessionState, reduce
from support import scripted_session
from support.scripted_session import BOARD

COUNT = 100


def story(
    *,
    claimed: float = 10.0,
    period: float = 0.1,
    pause: float = 0.1,
    middle: tuple[Event, ...] = (),
) -> list[Event]:
    """Events of a story whose tokens are `period` apart by their clocks, and `pause` apart for the
    host. `middle` happens half-way."""
    happened: list[Event] = [
        replace(scripted_session.started(BOARD, "Once", steps=COUNT), t=100.0, clock=0)
    ]
    for index in range(COUNT):
        clock = round(1e6 * period * (index + 1))
        arrived = 100.0 + pause * (index + 1)
        happened.append(events.Tokens(arrived, BOARD, (Token(index, 7, " a", clock),)))
        if index == COUNT // 2:
            happened += middle
    end = events.RunEnded(
        happened[-1].t, BOARD, EndReason.STEPS, COUNT, round(1e6 * period * COUNT), claimed
    )
    return [*happened, end, scripted_session.gauges(BOARD, COUNT, idle=True)[0]]


def told(happened: list[Event]) -> SourceState:
    state = SessionState()
    for event in happened:
        state = reduce(state, event)
    return state.board


def test_an_honest_rate_is_the_engines_own() -> None:
    board = told(story(claimed=10.05))
    assert (board.rate, board.rate_doubt) == (10.05, "")


@pytest.mark.parametrize("claimed", [10.5, 9.5, 500.0, 99999.0, 1.7e308])
def test_a_rate_that_the_clocks_contradict_is_theirs(claimed: float) -> None:
    board = told(story(claimed=claimed))
    assert board.rate == pytest.approx(10.0)
    assert f"the engine claims {claimed:.6g} tok/s, its tokens' clocks 10" in board.rate_doubt


def test_a_clock_that_claims_less_time_than_passed_here_is_doubted() -> None:
    board = told(story(claimed=100.0, period=0.01, pause=0.1))
    assert board.rate == pytest.approx(100.0)
    assert board.rate_doubt == "its tokens took 10.0 s to arrive, by its own clock 1.0 s"


def test_clocks_that_stand_still_have_no_rate() -> None:
    board = told(story(claimed=500.0, period=0.0))
    assert board.rate == 0.0
    assert "500 tok/s, its tokens' clocks 0" in board.rate_doubt


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.12])
def test_tokens_that_arrive_early_or_together_are_believed(pause: float) -> None:
    """They waited in a buffer: the host then measures less than the board."""
    assert told(story(pause=pause)).rate_doubt == ""


def test_a_line_that_was_silent_or_away_is_no_lie() -> None:
    silence: tuple[Event, ...] = (
        events.LinkSilent(106.0, BOARD, 1.0),
        events.LinkResponding(114.5, BOARD),
    )
    assert told(story(claimed=100.0, period=0.01, middle=silence)).rate_doubt == ""
    away: tuple[Event, ...] = (
        events.LinkReconnecting(105.0, BOARD, "pulled"),
        replace(scripted_session.ready()[2], t=114.0),
    )
    assert told(story(claimed=100.0, period=0.01, middle=away)).rate_doubt == ""


def test_a_regenerated_story_is_no_lie() -> None:
    again = (events.Regenerated(200.0, BOARD, 0, tuple(10_000 * n for n in range(1, 52))),)
    assert told(story(claimed=100.0, period=0.01, middle=again)).rate_doubt == ""


def test_a_slow_line_is_no_lie() -> None:
    """A fast engine waits for a UART: 3,000 tokens of 42 bytes take 11 s at 115200 baud."""
    happened: list[Event] = [
        replace(scripted_session.started(BOARD, "Once", steps=3000), t=100.0, clock=0),
        events.Tokens(
            111.0, BOARD, tuple(Token(index, 7, " a", 1000 * index) for index in range(3000))
        ),
        events.RunEnded(111.0, BOARD, EndReason.STEPS, 3000, 3_000_000, 1000.0),
    ]
    assert told(happened).rate_doubt == ""
    slower = replace(happened[1], t=118.0)
    assert told([happened[0], slower, happened[2]]).rate_doubt != ""


def test_a_recording_of_a_lie_makes_its_runs_doubtful() -> None:
    collector = RunCollector(warm=0)
    collector.receive([*story(), *story(claimed=99999.0), *story(claimed=99999.0)])
    runs: list[Run] = collector.runs
    assert [run.rate for run in runs] == pytest.approx([10.0, 10.0, 10.0])
    assert rate_doubts(runs[:1]) == ()
    (reason,) = rate_doubts(runs)
    assert reason.startswith("the rate of run 2, and 1 other runs, cannot be believed: the engine")
