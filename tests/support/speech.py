"""Speech in tests: ten stories, and the times of their words on screen and tape."""

from __future__ import annotations

import array
import asyncio
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from duotui.base.clock import MonotonicClock
from duotui.protocol.sentence_splitter import sentences
from duotui.speech.audio_output import WavOutput
from duotui.speech.espeak_client import EspeakClient, EspeakVoice
from duotui.speech.espeak_tts import EspeakTts

if TYPE_CHECKING:
    from duotui.protocol.tokens import WordMark
    from duotui.speech.tts import Utterance

TEN_STORIES = (
    "Once upon a time there was a little girl named Lily. She had a big red ball. She took it to"
    " the park and played in the sun.",
    "Tom was a small dog. He liked to dig in the mud. One day, he found a shiny key. It was the"
    " key to the old garden gate.",
    "There was a cat who could not sleep. She looked at the moon. The moon said, be still, little"
    " cat. Then she closed her eyes.",
    "Ben and his mom went to the beach. They made a castle of sand. A wave came and took it away."
    " They laughed and made a new one.",
    "A bear lived in the forest. He had been very hungry. He found some honey in a tree, and it"
    " was one of the best days of his life.",
    "Sue had a toy boat. The boat was blue. She put it in the pond, but the wind blew it away. A"
    " kind duck pushed it back to her.",
    "Max saw a bird with a hurt wing. He gave it water and some bread. On the next day, the bird"
    " could fly again. Max was happy.",
    "It was a cold night. The rabbit did not have a coat. His friend the fox made him a warm hat,"
    " and they drank hot milk.",
    "Anna wanted to go to the stars. She made a rocket from a box. She was gone for a long time,"
    " and came home for supper.",
    "The old truck was slow. All of the cars went past it. Then the snow came, and the truck"
    " pulled them out of the snow. In the end they were best friends.",
)


@dataclass(frozen=True, slots=True)
class MarkedWord:
    """Word that a screen would have marked, from a time on the tape on."""

    text: str
    at: float


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """Sentence on the tape: the time of its first sound, and its marks on screen."""

    text: str
    start: float
    words: tuple[MarkedWord, ...]


async def read_aloud(
    story: str, voice: EspeakVoice, path: Path, look: float = 1 / 60
) -> list[SpokenSentence]:
    """Read `story` onto a tape at `path` in real time; sample the mark every `look` seconds."""
    clock = MonotonicClock()
    tape = WavOutput(path, clock)
    tts = EspeakTts(EspeakClient(), tape, voice)
    spoken: list[SpokenSentence] = []
    try:
        for span in sentences(story):
            text = story[span.start : span.end]
            spoken.append(await _watched(tts, text, tape, clock, look))
    finally:
        await tts.close()
    assert not tts.trouble
    return spoken


async def _watched(
    tts: EspeakTts, text: str, tape: WavOutput, clock: MonotonicClock, look: float
) -> SpokenSentence:
    now: list[tuple[Utterance, float]] = []
    marked: list[MarkedWord] = []
    last: WordMark | None = None
    task = asyncio.create_task(
        tts.speak(text, lambda utterance: now.append((utterance, clock.now() - tape.began)))
    )
    while not task.done():
        if now:
            mark = now[0][0].word_at(tts.position())
            if mark not in (last, None):
                marked.append(MarkedWord(text[mark.start : mark.end], clock.now() - tape.began))
                last = mark
        await asyncio.sleep(look)
    await task
    return SpokenSentence(text, now[0][1], tuple(marked))


def samples(path: Path) -> tuple[array.array[int], int]:
    """Samples of a WAV file, and its rate in samples a second."""
    with wave.open(str(path)) as file:
        return array.array("h", file.readframes(file.getnframes())), file.getframerate()


def bursts(pcm: array.array[int], rate: int, least: float = 0.1, level: int = 150) -> list[float]:
    """Onsets of sound after `least` seconds of silence, in seconds. Up to ninety words a minute
    there is one per word: no stop inside a word is as long, no pause between two as short."""
    onsets, last = [], -1.0
    step = rate // 200
    for start in range(0, len(pcm) - step, step):
        if max(map(abs, pcm[start : start + step])) > level:
            if last < 0 or (start / rate) - last > least:
                onsets.append(start / rate)
            last = start / rate
    return onsets
