"""When each word of a story sounds, found without any time that espeak tells of.

espeak-ng's library, whose sound is the host's voice sample for sample, says the story up to a
word's sentence twice, with one command before the word: "as loud as you are", and "not loud at
all". Both are as long, and the first sample that differs is where the word begins. A command costs
20 ms of pause: in the story without one the word begins no later than there, and not before the
two part.
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

LEVEL = 150
"""What is louder is heard, as for silence in sound_kit.py."""

LOUD, MUTE = "\x01100A", "\x010A"


@dataclass(frozen=True, slots=True)
class Onset:
    """In seconds from the sentence's first sample: between `earliest` and `latest` for certain, at
    `at` if all that the command costs is before it."""

    at: float
    earliest: float
    latest: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence's sound, and when its words begin; None where that is not found."""

    pcm: bytes
    onsets: tuple[Onset | None, ...]


def heard(told: list[str], pace: float, gap: int = 0) -> list[Heard]:
    """The sentences of a story, with `gap` more of espeak's steps between words."""
    found: list[Heard] = []
    lines = [with_joiners(text)[0] for text in told]
    for number, line in enumerate(lines):
        before = sum(len(one.pcm) for one in found)
        plain = _spoken(lines[: number + 1], pace, gap)[before:]
        words = line.split(" ")
        onsets: list[Onset | None] = []
        for at, word in enumerate(words):
            loud, mute = (
                _spoken(
                    [*lines[:number], " ".join([*words[:at], command + word, *words[at + 1 :]])],
                    pace,
                    gap,
                )[before:]
                for command in (LOUD, MUTE)
            )
            onsets.append(_onset(plain, loud, mute))
        found.append(Heard(plain, tuple(onsets)))
    return found


def _spoken(lines: list[str], pace: float, gap: int) -> bytes:
    """All of them by one process, as by the host's: a pause depends on what was said before."""
    rate, between = speed(pace)
    return synthesise(*lines, rate=rate, gap=between + gap)


def _onset(plain: bytes, loud: bytes, mute: bytes) -> Onset | None:
    one, other, silent = (array.array("h", pcm) for pcm in (plain, loud, mute))
    if len(other) != len(silent):
        return None
    latest = _first(abs(a - b) > LEVEL for a, b in zip(other, silent, strict=True))
    earliest = _first(map(operator.ne, one, other))
    if earliest is None or latest is None or earliest > latest:
        return None
    at = max(earliest, latest - max(0, len(other) - len(one)))
    return Onset(at / PLAYBACK_RATE, earliest / PLAYBACK_RATE, latest / PLAYBACK_RATE)


def _first(holds: Iterable[bool]) -> int | None:
    return next((at for at, one in enumerate(holds) if one), None)
