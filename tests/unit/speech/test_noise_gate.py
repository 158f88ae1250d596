"""Noise gate that removes noise from speech."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.base.errors import NotReady
from duotui.speech.noise_gate import LEAST_NOISE_SAMPLES, QUIET_LEVEL, without_noise

np = pytest.importorskip("numpy")
RATE = 16_000


def pcm(samples: object) -> bytes:
    return bytes(np.asarray(samples).round().clip(-32768, 32767).astype("<i2").tobytes())


def level(samples: object) -> float:
    return float(np.sqrt(np.mean(np.square(np.asarray(samples, float)))))


def samples(pcm_bytes: bytes) -> Any:
    return np.frombuffer(pcm_bytes, "<i2").astype(float)


def hum(seconds: float, loud: float, seed: int) -> Any:
    return np.random.default_rng(seed).normal(0.0, loud, int(RATE * seconds))


def test_noise_by_itself_is_turned_down() -> None:
    output = samples(without_noise(pcm(hum(1.0, 500, 1)), pcm(hum(0.6, 500, 2))))
    assert level(output) < 0.25 * 500


def test_what_is_louder_than_the_noise_is_kept_and_the_noise_around_it_is_not() -> None:
    voice = hum(1.0, 3000, 3)
    noise = hum(1.0, 500, 1)
    output = samples(without_noise(pcm(voice + noise), pcm(hum(0.6, 500, 2))))
    inside = slice(2000, -2000)
    silent = samples(without_noise(pcm(noise), pcm(hum(0.6, 500, 2))))
    gain = float(np.dot(output[inside], voice[inside]) / np.dot(voice[inside], voice[inside]))
    assert 0.85 < gain < 1.05
    assert level(silent[inside]) < 0.25 * level(noise[inside])


@pytest.mark.parametrize("length", [0, 1, 2 * LEAST_NOISE_SAMPLES - 2])
def test_noise_that_is_not_known_is_left(length: int) -> None:
    sound = hum(0.5, 3000, 3) + hum(0.5, 500, 1)
    output = samples(without_noise(pcm(sound), bytes(length)))
    assert level(output - sound) < 1.1 * QUIET_LEVEL


def test_silence_is_no_longer_digital_and_always_the_same() -> None:
    first = without_noise(bytes(RATE), bytes(RATE))
    assert 0.9 * QUIET_LEVEL < level(samples(first)) < 1.1 * QUIET_LEVEL
    assert without_noise(bytes(RATE), bytes(RATE)) == first


@given(st.binary(max_size=3000), st.binary(min_size=0, max_size=3 * LEAST_NOISE_SAMPLES))
def test_any_bytes_keep_their_length(sound: bytes, noise: bytes) -> None:
    assert len(without_noise(sound, noise)) == len(sound) // 2 * 2


def test_without_numpy_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(NotReady, match="pip install"):
        without_noise(b"", b"")
