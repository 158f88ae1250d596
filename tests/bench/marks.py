"""Distance between the marked word and the audible word, over ten stories.

    PYTHONPATH=tests python tests/bench/marks.py [--pace 60 100 130]

The stories are read on tapes in real time, ten at once, and sampled sixty times a second, as by a
screen. Two methods find the onset of a word in the sound alone:

    loudness  at any pace: the story is synthesized again with one word at volume zero, and the
              first sample that differs is its first (support/word_onsets.py). The second
              synthesis must equal the tape, sample for sample.
    silence   up to ninety words a minute there is silence between words, and each begins at the
              end of one. Words are counted, not matched by time.

A word that begins with p, t or k is silent for 80 ms before either method detects it. The distance
between the two methods is measured at every pace, by words that are separated at that pace.

It needs espeak-ng's program, besides its library.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import statistics
import tempfile
from pathlib import Path

from duotui.speech.audio_output import PLAYBACK_RATE
from duotui.speech.espeak_client import EspeakVoice
from support.speech import TEN_STORIES, SpokenSentence, bursts, read_aloud, samples
from support.word_onsets import measure_onsets

MARK_TOLERANCE = 0.15
LOOK = 1 / 60

APART = 12
"""Steps of espeak's word gap, which separate words at any pace."""

Far = list[tuple[float, str]]
"""Seconds, and the word."""


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--pace", type=float, nargs="+", default=[60.0, 90.0, 100.0, 130.0])
    paces = parser.parse_args().pace
    print("| pace | heard by | words | median | 95 % | most | within 150 ms | farthest |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for pace in paces:
        with tempfile.TemporaryDirectory() as name:
            await _pace(pace, Path(name))


async def _pace(pace: float, folder: Path) -> None:
    tapes = [folder / f"{number}.wav" for number in range(len(TEN_STORIES))]
    stories = await asyncio.gather(
        *(
            read_aloud(story, EspeakVoice(pace=pace), tape, LOOK)
            for story, tape in zip(TEN_STORIES, tapes, strict=True)
        )
    )
    loudness: Far = []
    certain: Far = []
    silence: Far = []
    errors: Far = []
    words = 0
    minutes = 0.0
    for sentences, tape in zip(stories, tapes, strict=True):
        for sentence in sentences:
            assert [word.text for word in sentence.words] == sentence.text.split()
        words += sum(len(sentence.words) for sentence in sentences)
        minutes += (len(samples(tape)[0]) / PLAYBACK_RATE - sentences[0].start) / 60
        near, far = _by_loudness(sentences, tape, pace)
        loudness += near
        certain += far
        silence += _by_silence(sentences, tape)
        errors += _loudness_by_silence(sentences, pace)
    _row(pace, "loudness", loudness)
    _row(pace, "loudness, for certain", certain)
    if len(silence) == words:
        _row(pace, "silence", silence)
    _row(pace, "loudness against silence", errors)
    print(
        f"  {words / minutes:.0f} words a minute with all pauses;"
        f" not found: {words - len(loudness)}, set apart {words - len(errors)}"
    )


def _by_loudness(sentences: list[SpokenSentence], tape: Path, pace: float) -> tuple[Far, Far]:
    """Distance of each word's mark from its onset, and from the farther bound of its onset."""
    played = samples(tape)[0].tobytes()
    near: Far = []
    far: Far = []
    texts = [sentence.text for sentence in sentences]
    for sentence, sound in zip(sentences, measure_onsets(texts, pace), strict=True):
        start = played.find(sound.pcm) / 2 / PLAYBACK_RATE
        assert abs(start - sentence.start) < LOOK, "on the tape is another sound"
        for word, onset in zip(sentence.words, sound.onsets, strict=True):
            if onset is not None:
                at = word.at - start
                near.append((at - onset.at, word.text))
                far.append((max(at - onset.earliest, at - onset.latest, key=abs), word.text))
    return near, far


def _by_silence(sentences: list[SpokenSentence], tape: Path) -> Far:
    sound, rate = samples(tape)
    errors: Far = []
    ends = [sentence.start for sentence in sentences[1:]] + [len(sound) / rate]
    for sentence, end in zip(sentences, ends, strict=True):
        begins = bursts(sound[round(sentence.start * rate) : round(end * rate)], rate)
        if len(begins) == len(sentence.words):
            errors += [
                (word.at - sentence.start - at, word.text)
                for word, at in zip(sentence.words, begins, strict=True)
            ]
    return errors


def _loudness_by_silence(sentences: list[SpokenSentence], pace: float) -> Far:
    """Distance between the two methods, for the same words and pace, separated by silence."""
    errors: Far = []
    for sentence, sound in zip(
        sentences,
        measure_onsets([sentence.text for sentence in sentences], pace, APART),
        strict=True,
    ):
        begins = bursts(array.array("h", sound.pcm), PLAYBACK_RATE)
        if len(begins) == len(sound.onsets):
            errors += [
                (onset.at - at, word.text)
                for onset, at, word in zip(sound.onsets, begins, sentence.words, strict=True)
                if onset is not None
            ]
    return errors


def _row(pace: float, by: str, apart: Far) -> None:
    far = sorted(abs(seconds) for seconds, _ in apart)
    worst = sorted(apart, key=lambda one: -abs(one[0]))[:3]
    print(
        f"| {pace:g} | {by} | {len(far)} | {1000 * statistics.median(far):.0f} ms"
        f" | {1000 * far[int(0.95 * len(far))]:.0f} ms | {1000 * far[-1]:.0f} ms"
        f" | {100 * sum(one <= MARK_TOLERANCE for one in far) / len(far):.1f} %"
        f" | {', '.join(f'{name} {1000 * seconds:+.0f}' for seconds, name in worst)} |",
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main())
