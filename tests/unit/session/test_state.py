"""State computed from events."""

import functools

import pytest

from duotui.protocol import events
from duotui.protocol.events import Activity, EndReason, Event, Source
from duotui.protocol.request import Mode
from duotui.protocol.tokens import Token
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState, reduce
from duotui.session.token_diff import TokenDiff, extend, settled
from support.scripted_session import ready

BOARD, BASELINE = Source.BOARD, Source.BASELINE


def fold(*emitted: Event) -> SessionState:
    return functools.reduce(reduce, emitted, SessionState())


def started(source: Source = BOARD, seed: int = 123, clock: int = 0) -> events.RunStarted:
    return events.RunStarted(
        0.0,
        source,
        story=1,
        prompt="Once",
        mode=Mode.REFERENCE,
        steps=10,
        temperature=1.0,
        top_p=0.9,
        seed=seed,
        clock=clock,
        ids=(1, 5, 6),
    )


def tokens(*ids: int, source: Source = BOARD, first: int = 0) -> events.Tokens:
    """Tokens every 100 ms, the first after 50 ms."""
    return events.Tokens(
        0.0,
        source,
        tuple(Token(n, id_, f" {id_}", 50_000 + 100_000 * n) for n, id_ in enumerate(ids, first)),
    )


def run_ended(
    source: Source = BOARD, reason: EndReason = EndReason.STEPS, *, rate: float = 10.0
) -> events.RunEnded:
    return events.RunEnded(1.0, source, reason, 3, 0, rate)


def test_the_prompt_is_set_apart_from_what_was_told() -> None:
    board = fold(started(), tokens(5, 6, 7, 8)).board
    assert (board.prompt_text, board.generated_text) == (" 5 6", " 7 8")
    assert (fold(started(), tokens(5)).board.prompt_text) == " 5"


def test_the_rate_is_llama2cs_by_the_boards_clock() -> None:
    board = fold(started(), tokens(5, 6, 7, 8)).board
    assert board.rate == pytest.approx(10.0)
    assert board.rate_now == pytest.approx(10.0)
    assert board.first_token == pytest.approx(0.05)
    assert board.time_left == pytest.approx(0.6)
    assert fold(started(), tokens(5, 6, 7), run_ended(rate=10.1)).board.rate == 10.1


def test_the_rate_of_now_is_of_what_was_decoded() -> None:
    prompt = (Token(0, 5, " 5", 50_000), Token(1, 6, " 6", 50_001))
    state = fold(started(), events.Tokens(0.1, BOARD, prompt))
    assert state.board.rate_now == 0.0
    decoded = (Token(2, 7, " 7", 150_001), Token(3, 8, " 8", 250_001))
    assert reduce(state, events.Tokens(0.2, BOARD, decoded)).board.rate_now == pytest.approx(10.0)


def test_one_token_has_no_rate() -> None:
    board = fold(started(), tokens(5)).board
    assert (board.rate, board.rate_now, board.time_left) == (0.0, 0.0, None)


def test_a_new_story_forgets_the_old_one() -> None:
    state = fold(started(), tokens(5, 6), run_ended(), started(seed=4))
    assert state.board.tokens == ()
    assert state.board.ended is None
    assert state.diff == TokenDiff()


def test_the_same_story_is_identical_and_counted() -> None:
    both = [started(), started(BASELINE), tokens(5, 6, 7), tokens(5, 6, source=BASELINE)]
    assert fold(*both).diff == TokenDiff(2)


def test_the_first_difference_stays() -> None:
    state = fold(
        started(),
        started(BASELINE),
        tokens(5, 6, 7),
        tokens(5, 9, 7, source=BASELINE),
        tokens(8, first=3),
        tokens(8, source=BASELINE, first=3),
    )
    assert state.diff == TokenDiff(2, 1)


def test_a_story_that_stops_early_differs_where_it_stops() -> None:
    state = fold(
        started(),
        started(BASELINE),
        tokens(5, 6),
        tokens(5, 6, 7, source=BASELINE),
        run_ended(reason=EndReason.ENDED),
        run_ended(BASELINE),
    )
    assert state.diff == TokenDiff(2, 2)


def test_a_story_that_was_cancelled_does_not_differ() -> None:
    state = fold(
        started(),
        started(BASELINE),
        tokens(5, 6),
        tokens(5, 6, 7, source=BASELINE),
        run_ended(reason=EndReason.CANCELLED),
        run_ended(BASELINE),
    )
    assert state.diff == TokenDiff(2)


def test_stories_of_different_requests_are_not_compared() -> None:
    state = fold(started(), started(BASELINE, seed=9), tokens(5), tokens(6, source=BASELINE))
    assert state.diff == TokenDiff()


def test_a_lost_link_keeps_the_story_and_ends_it() -> None:
    state = fold(started(), tokens(5, 6), events.LinkLost(2.0, BOARD, "pulled", "put it back"))
    board = state.board
    assert (board.link, board.trouble, board.text) == (LinkState.LOST, "pulled", " 5 6")
    assert board.ended is not None
    assert board.ended.reason is EndReason.LOST
    assert not board.running


def test_a_board_that_is_away_is_still_to_tell_on() -> None:
    state = fold(
        started(), tokens(5, 6), events.LinkReconnecting(2.0, BOARD, "pulled", "put it back")
    )
    assert (state.board.link, state.board.running) == (LinkState.RECONNECTING, True)


def test_a_regenerated_story_has_the_clock_of_its_last_run() -> None:
    state = fold(
        started(),
        tokens(5, 6),
        events.Regenerating(2.0, BOARD, 1, 2),
    )
    assert state.board.regenerating is not None
    assert reduce(state, events.Regenerated(2.1, BOARD, 1_000, ())).board.text == " 5 6"
    state = reduce(state, events.Regenerated(2.1, BOARD, 1_000, (2_000, 102_000)))
    assert state.board.regenerating is None
    assert state.board.text == " 5 6"
    assert state.board.rate == pytest.approx(10)
    assert state.board.first_token == pytest.approx(0.001)


def test_a_link_that_comes_back_takes_the_story_up() -> None:
    state = fold(
        started(),
        tokens(5, 6),
        events.LinkLost(2.0, BOARD, "pulled"),
        events.LinkUp(3.0, BOARD, "sim", "sim"),
        tokens(7, first=2),
    )
    assert state.board.running
    assert state.board.text == " 5 6 7"


def test_paused_is_what_the_agent_says() -> None:
    paused = events.EngineStats(
        0.0,
        BOARD,
        activity=Activity.PAUSED,
        tokens=2,
        clock=0,
        first=0,
        rss=0,
        peak=0,
        faults=0,
        repeats=0,
    )
    assert fold(started(), paused).board.paused
    assert not fold(started(), paused, run_ended()).board.paused


def test_kernel_lines_are_kept_but_not_for_ever() -> None:
    state = fold(*(events.LineNoise(0.0, BOARD, 9, f"line {n}\n") for n in range(200)))
    assert len(state.noise) == 50
    assert state.noise[-1] == "line 199"


def test_comparing_in_pieces_is_comparing_at_once() -> None:
    board_tokens = [Token(n, n % 7, "", 0) for n in range(50)]
    right = [Token(n, n % 7 if n != 41 else 99, "", 0) for n in range(50)]
    diff = TokenDiff()
    for end in range(0, 51, 5):
        diff = extend(diff, board_tokens[:end], right[: max(0, end - 3)])
    assert (
        diff
        == extend(TokenDiff(), board_tokens, right)
        == settled(TokenDiff(), board_tokens, right)
        == TokenDiff(42, 41)
    )


def test_an_agent_that_answers_anew_after_the_end_is_idle() -> None:
    """The final gauges went with the link, between the end and the reconnect."""
    before, after = ready(), ready(boot=2)
    assert not fold(*before, started(), tokens(5), run_ended()).board.idle
    assert fold(*before, started(), tokens(5), run_ended(), *after).board.idle
    assert not fold(*before, started(), tokens(5), *after).board.idle
    assert not fold(*before, started(), run_ended(), *after, started(seed=7)).board.idle
