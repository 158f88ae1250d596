"""A growing story: immutable, and without copies."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from duotui.protocol.tokens import Token
from duotui.session.state import SessionState, reduce
from duotui.session.token_sequence import TokenSequence
from support import scripted_session
from support.scripted_session import BOARD

LENGTH = 4000


def token(index: int) -> Token:
    return Token(index, index, f" {index}", index)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=20))
def test_it_is_what_tuples_are(steps: list[tuple[int, int]]) -> None:
    """Each step appends to any of the sequences until now, so that they fork."""
    pairs: list[tuple[TokenSequence, tuple[Token, ...]]] = [(TokenSequence(), ())]
    for number, (chosen, count) in enumerate(steps):
        sequence, expected = pairs[chosen % len(pairs)]
        more = [token(100 * number + index) for index in range(count)]
        pairs.append((sequence.appended(more), (*expected, *more)))
    for sequence, expected in pairs:
        assert tuple(sequence) == expected
        assert sequence == expected
        assert sequence[1:-1] == expected[1:-1]
        assert sequence[::-1] == expected[::-1]
        assert len(sequence) == len(expected)
        if expected:
            assert (sequence[0], sequence[-1]) == (expected[0], expected[-1])


def test_a_long_story_is_not_copied_for_each_token() -> None:
    """All lengths of a story together need memory for its tokens once."""
    sequences = [TokenSequence()]
    tracemalloc.start()
    for index in range(LENGTH):
        sequences.append(sequences[-1].appended((token(index),)))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [len(sequence) for sequence in sequences] == list(range(LENGTH + 1))
    assert size < LENGTH * LENGTH // 2 * 8  # bytes that the copied pointers alone would need


def test_a_state_grows_by_such_a_sequence() -> None:
    state = SessionState()
    for event in scripted_session.story(BOARD, [" a", " b"], batch=1):
        state = reduce(state, event)
    assert isinstance(state.board.tokens, TokenSequence)
    assert state.board.text == " a b"
