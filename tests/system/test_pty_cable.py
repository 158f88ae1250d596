"""Tokens over real ttys, from the real agent, through a cable with faults."""

from pathlib import Path

import pytest

from duotui.protocol.request import Request
from duotui.targets.simulator import SimulatedDuo
from support.scripted_model import write_scripted_model
from support.sessions import BadCable, new_session, run_to_end

TOKEN_COUNT = 10_000
CHARACTERS = ["é", "ß", "小", "猫", "€", "🙂", "🐈"]


def pieces() -> list[bytes]:
    """Words, and characters of two to four bytes, split at every byte and whole."""
    result = [b"Once", b" upon", b" a", b" time"]
    for character in CHARACTERS:
        data = character.encode()
        result.append(b" " + data)
        for cut in range(1, len(data)):
            result += [data[:cut], data[cut:]]
        result += [data[i : i + 1] for i in range(len(data))]
    return result


@pytest.fixture(scope="module")
def scripted_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    model, tokenizer = write_scripted_model(
        tmp_path_factory.mktemp("scripted"), pieces(), TOKEN_COUNT
    )
    return Path(model), Path(tokenizer)


@pytest.mark.parametrize(
    ("bits", "between"),
    [(0, 0), (10_000, 0), (0, 3_000), (10_000, 3_000)],
    ids=["clean", "one bit in 10,000", "kernel lines", "both"],
)
async def test_ten_thousand_tokens_arrive_exactly(
    scripted_model: tuple[Path, Path], bits: int, between: int
) -> None:
    cable = BadCable(7, bits, between)
    session = new_session(SimulatedDuo(*scripted_model, corrupt=cable))
    try:
        request = Request(prompt="", steps=TOKEN_COUNT, temperature=0.0)
        state = await run_to_end(session, request, seconds=100)
    finally:
        await session.close()
    board, cycle = state.board, pieces()
    assert len(board.tokens) == TOKEN_COUNT
    expected = [cycle[n % len(cycle)] for n in range(TOKEN_COUNT)]
    ids = [token.id for token in board.tokens]
    assert ids == [ids[n % len(cycle)] for n in range(TOKEN_COUNT)]
    assert len(set(ids[: len(cycle)])) == len(cycle)
    # A character that the story's last token leaves incomplete is not printed.
    assert board.text == b"".join(expected).decode(errors="ignore")
    assert (cable.flipped > 0, cable.injected > 0) == (bits > 0, between > 0)
    assert board.health is not None
    assert (board.health.noise > 0) == (bits > 0 or between > 0)
