"""An agent that lies in every field of every message is only noise or a fault."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from duotui.protocol.frames import FrameDecoder, NoiseBytes
from duotui.protocol.messages import parse_message
from support.agent_trial import Trial, run_decoder, run_trial
from support.lying_agent import AGENT_MESSAGES, STEPS, Liar, frame_bytes, honest_story

EXAMPLES = settings().max_examples
"""25, or 200 in the long profile."""


@settings(max_examples=4 * EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_no_lie_does_harm(rng: random.Random) -> None:
    run_trial(rng)


@settings(max_examples=20 * EXAMPLES)
@given(st.integers(0, 2**64))
def test_no_seed_of_lies_does_harm(seed: int) -> None:
    """Values that Python's own generator spreads, where hypothesis prefers small ones."""
    run_trial(random.Random(seed))


@given(st.randoms(use_true_random=False), st.binary(max_size=200))
def test_no_bytes_do_harm(rng: random.Random, noise: bytes) -> None:
    said = [frame_bytes(seq, message) for seq, message in enumerate(Liar(rng).conversation())]
    data = bytearray(b"".join(said))
    for _ in range(rng.randrange(8)):
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randrange(20)] = noise[: rng.randrange(20)]
    run_decoder(rng, bytes(data))


def test_a_liar_lies_in_every_kind_of_message() -> None:
    """What it makes can be packed and read, and most of its conversations are no honest ones."""
    liar = Liar(random.Random(1))
    made = [liar.message() for _ in range(2000)]
    assert {type(message) for message in made} == set(AGENT_MESSAGES)
    for message in made:
        (frame,) = FrameDecoder().feed(frame_bytes(0, message))
        assert not isinstance(frame, NoiseBytes)
        assert type(parse_message(frame.type, frame.payload)) is type(message)
    trials = [run_trial(random.Random(seed)) for seed in range(100)]
    assert sum(trial.faults > 0 for trial in trials) > 10


def test_an_honest_agent_passes_the_same_trial() -> None:
    trial = Trial()
    trial.greet()
    trial.receive(honest_story())
    trial.finish()
    assert (trial.faults, len(trial.state.board.tokens)) == (0, STEPS)
    assert trial.state.board.complete
    assert trial.state.board.rate_doubt == ""
