"""The C encoder, built with sanitizers, against the Python decoder."""

from __future__ import annotations

import array
import itertools
import math
import random
import subprocess
from pathlib import Path

import pytest

from duotui.protocol.adpcm import STEP_SIZES, decode
from support.c_program import SANITIZED, compile_c
from support.engine import NATIVE
from support.espeak import need_espeak
from support.spoken_wishes import VOICES, in_noise

HERE = Path(__file__).parent
SAMPLES = 640

Coded = tuple[int, int, bytes]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [HERE / "adpcm.c", NATIVE / "src/agent/adpcm.c"]
    return compile_c(*SANITIZED, *sources, out=tmp_path_factory.mktemp("adpcm") / "adpcm")


def encoded(encoder: Path, pcm: bytes) -> list[Coded]:
    result = subprocess.run([encoder], input=pcm, capture_output=True, timeout=600)
    assert result.returncode == 0, result.stderr.decode()
    rows = (line.split() for line in result.stdout.decode().splitlines())
    return [(int(predictor), int(step), bytes.fromhex(data)) for predictor, step, data in rows]


def decoded(sounds: list[Coded]) -> array.array[int]:
    return array.array("h", b"".join(decode(*sound) for sound in sounds))


def loudness(samples: list[int]) -> float:
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def decibels(pcm: bytes, sounds: list[Coded]) -> float:
    """Level of the input relative to the coding error, in dB."""
    output = decoded(sounds)
    expected = array.array("h", pcm)[: len(output)].tolist()
    off = [one - other for one, other in zip(expected, output, strict=True)]
    return 20 * math.log10(loudness(expected) / loudness(off))


def test_the_decoder_ends_where_the_encoder_goes_on(encoder: Path) -> None:
    """Decode each sound by itself."""
    chance = random.Random(3)
    pcm = array.array("h", (round(chance.gauss(0, 7000)) for _ in range(20 * SAMPLES)))
    sounds = encoded(encoder, pcm.tobytes())
    assert len(sounds) == 20
    assert sounds[0][:2] == (0, 0)
    for sound, following in itertools.pairwise(sounds):
        assert array.array("h", decode(*sound))[-1] == following[0]


@pytest.mark.parametrize("wave", ["silence", "loudest", "edges", "noise"])
def test_any_sound_is_followed_to_within_a_step(encoder: Path, wave: str) -> None:
    chance = random.Random(4)
    signals = {
        "silence": [0] * 10 * SAMPLES,
        "loudest": [32767] * 5 * SAMPLES + [-32768] * 5 * SAMPLES,
        "edges": [32767 if n // 90 % 2 else -32768 for n in range(10 * SAMPLES)],
        "noise": [chance.randrange(-32768, 32768) for _ in range(10 * SAMPLES)],
    }[wave]
    sounds = encoded(encoder, array.array("h", signals).tobytes())
    output = decoded(sounds)
    assert len(output) == len(signals)
    # a step grows by at most half in two samples: 14 of them from the smallest to the largest
    settled = output[200:] if wave != "noise" else output[:0]
    for at, sample in enumerate(settled, 200):
        if len(set(signals[at - 60 : at + 1])) == 1:
            assert abs(sample - signals[at]) <= max(8, abs(signals[at]) // 16), at
    assert all(0 <= step < len(STEP_SIZES) for _, step, _ in sounds)


@pytest.mark.parametrize("voice", VOICES[:3], ids=lambda voice: voice[0])
def test_a_sentence_is_much_louder_than_what_is_lost_of_it(
    encoder: Path, voice: tuple[str, int, int]
) -> None:
    need_espeak()
    pcm = in_noise("tell me a story about a dragon in the castle", voice, "clean", 1)
    assert decibels(pcm, encoded(encoder, pcm)) > 20


def test_a_sound_that_is_lost_costs_only_itself(encoder: Path) -> None:
    chance = random.Random(5)
    pcm = array.array("h", (round(chance.gauss(0, 3000)) for _ in range(9 * SAMPLES))).tobytes()
    sounds = encoded(encoder, pcm)
    whole, size = decoded(sounds), SAMPLES
    without = decoded(sounds[:4] + sounds[5:])
    assert without == whole[: 4 * size] + whole[5 * size :]


@pytest.mark.parametrize(("predictor", "step"), [(32767, 255), (-32768, 88), (0, 0)])
def test_any_bytes_are_sound(predictor: int, step: int) -> None:
    for data in (bytes(range(256)), b"\xff" * 320, b"\x77" * 320, b""):
        assert len(decode(predictor, step, data)) == 4 * len(data)
