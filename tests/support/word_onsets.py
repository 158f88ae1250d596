"""Onset of each word of a story, found without any time that espeak reports.

espeak-ng's library, whose sound is the host voice's sample for sample, reads the story up to a
word's sentence twice. One command comes before the word: "as loud as you are", or "volume zero".
Both are as long, and the first sample that differs is the word's onset. A command costs 20 ms of
pause: without it the word begins no later than there, and not before the two part.
"""

from __future__ import annotations

import array
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from duotui.speech.audio_output import PLAYBACK_RATE
from duotui.speech.espeak_worker import speed, with_joiners
from support.espeak import synthesise

if TYPE_CHECKING:
    from collections.abc import Iterable

SOUND_LEVEL = 150
"""Level above which a sample counts as sound, as for silence in speech.py."""

LOUD, MUTE = "\x01100A", "\x010A"


@dataclass(frozen=True, slots=True)
class Onset:
    """Onset in seconds from the sentence's first sample: certainly between `earliest` and `latest`,
    and at `at` if the command's whole pause is before it."""

    at: float
    earliest: float
    latest: float


@dataclass(frozen=True, slots=True)
class SentenceOnsets:
    """Sound of a sentence, and the onsets of its words; None if one is not found."""

    pcm: bytes
    onsets: tuple[Onset | None, ...]


def measure_onsets(sentences: list[str], pace: float, gap: int = 0) -> list[SentenceOnsets]:
    """Measure the sentences of a story, with `gap` more of espeak's steps between words."""
    result: list[SentenceOnsets] = []
    lines = [with_joiners(text)[0] for text in sentences]
    for number, line in enumerate(lines):
        before = sum(len(one.pcm) for one in result)
        plain = _synthesise(lines[: number + 1], pace, gap)[before:]
        words = line.split(" ")
        onsets: list[Onset | None] = []
        for at, word in enumerate(words):
            loud, mute = (
                _synthesise(
                    [*lines[:number], " ".join([*words[:at], command + word, *words[at + 1 :]])],
                    pace,
                    gap,
                )[before:]
                for command in (LOUD, MUTE)
            )
            onsets.append(_onset(plain, loud, mute))
        result.append(SentenceOnsets(plain, tuple(onsets)))
    return result


def _synthesise(lines: list[str], pace: float, gap: int) -> bytes:
    """Synthesize all lines in one process: a pause depends on the text before it."""
    rate, between = speed(pace)
    return synthesise(*lines, rate=rate, gap=between + gap)


def _onset(plain: bytes, loud: bytes, mute: bytes) -> Onset | None:
    one, other, silent = (array.array("h", pcm) for pcm in (plain, loud, mute))
    if len(other) != len(silent):
        return None
    latest = _first(abs(a - b) > SOUND_LEVEL for a, b in zip(other, silent, strict=True))
    earliest = _first(map(operator.ne, one, other))
    if earliest is None or latest is None or earliest > latest:
        return None
    at = max(earliest, latest - max(0, len(other) - len(one)))
    return Onset(at / PLAYBACK_RATE, earliest / PLAYBACK_RATE, latest / PLAYBACK_RATE)


def _first(holds: Iterable[bool]) -> int | None:
    return next((at for at, one in enumerate(holds) if one), None)
