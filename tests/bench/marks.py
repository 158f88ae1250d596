"""How far the word that is marked is from the word that is heard, over ten stories.

    PYTHONPATH=tests python tests/bench/marks.py [--pace 60 100 130]

The stories are told on tapes in real time, ten at once, and looked at sixty times a second, as by a
screen. When a word is heard is found in the tape alone, twice:

    silence   up to ninety words a minute there is silence between words, and each begins where
              one ends. Nothing is guessed: words are counted, not matched by time. What is
              left is the 80 ms for which a word that begins with p, t or k is silent.
    aligner   at any pace: pocketsphinx is told the words and finds them. It is made for people's
              voices and errs; where there is silence too, that says by how much.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import re
import statistics
import tempfile
from pathlib import Path

from pocketsphinx import Decoder

from duotui.speech.espeak import Voice
from system.sound_kit import STORIES, Said, bursts, samples, tell

MODEL_RATE = 16_000
TOGETHER = 0.15
LOOK = 1 / 60


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
    tapes = [folder / f"{number}.wav" for number in range(len(STORIES))]
    told = await asyncio.gather(
        *(
            tell(story, Voice(pace=pace), tape, LOOK)
            for story, tape in zip(STORIES, tapes, strict=True)
        )
    )
    silence: list[tuple[float, str]] = []
    aligned: list[tuple[float, str]] = []
    errors: list[tuple[float, str]] = []
    minutes = words = lost = 0.0
    decoder = Decoder(
        loglevel="FATAL", samprate=MODEL_RATE, lw=1.0, bestpath=False,
        beam=0.0, pbeam=0.0, wbeam=0.0, maxhmmpf=-1,
    )  # fmt: skip
    for sentences, tape in zip(told, tapes, strict=True):
        heard, rate = samples(tape)
        ends = [sentence.begun for sentence in sentences[1:]] + [len(heard) / rate]
        for sentence, end in zip(sentences, ends, strict=True):
            sound = heard[round(sentence.begun * rate) : round(end * rate)]
            assert [word.text for word in sentence.words] == sentence.text.split()
            minutes += len(sound) / rate / 60
            words += len(sentence.words)
            apart = [sentence.begun + at for at in bursts(sound, rate)]
            found = _aligned(decoder, sentence, sound, rate)
            lost += len(sentence.words) * (not found)
            names = [word.text for word in sentence.words]
            seen = [word.at for word in sentence.words]
            if len(apart) == len(seen):
                silence += _apart(seen, apart, names)
                errors += _apart(found, apart, names) if found else []
            aligned += _apart(seen, found, names) if found else []
    if len(silence) == words:
        _row(pace, "silence", silence)
    _row(pace, "aligner", aligned)
    if len(silence) == words:
        _row(pace, "aligner against silence", errors)
    print(f"  {words / minutes:.0f} words a minute with all pauses; {lost:.0f} not aligned")


def _apart(these: list[float], those: list[float], names: list[str]) -> list[tuple[float, str]]:
    return [(a - b, name) for a, b, name in zip(these, those, names, strict=True)]


def _aligned(decoder: Decoder, said: Said, sound: array.array[int], rate: int) -> list[float]:
    """When each word begins, on the tape; nothing where the aligner does not find them all."""
    names = [re.sub(r"[^a-z']", "", word.text.lower()) for word in said.words]
    decoder.set_align_text(" ".join(names))
    decoder.start_utt()
    decoder.process_raw(_resampled(sound, rate), full_utt=True)
    decoder.end_utt()
    found = [at for at in decoder.seg() or () if not at.word.startswith(("<", "["))]
    if [re.sub(r"\(\d\)", "", at.word) for at in found] != names:
        return []
    return [said.begun + at.start_frame / 100 for at in found]


def _resampled(sound: array.array[int], rate: int) -> bytes:
    """At the model's rate, between its own samples in straight lines."""
    out = array.array("h")
    for number in range(len(sound) * MODEL_RATE // rate - 1):
        at, part = divmod(number * rate, MODEL_RATE)
        out.append((sound[at] * (MODEL_RATE - part) + sound[at + 1] * part) // MODEL_RATE)
    return out.tobytes()


def _row(pace: float, by: str, apart: list[tuple[float, str]]) -> None:
    far = sorted(abs(seconds) for seconds, _ in apart)
    worst = sorted(apart, key=lambda one: -abs(one[0]))[:3]
    print(
        f"| {pace:g} | {by} | {len(far)} | {1000 * statistics.median(far):.0f} ms"
        f" | {1000 * far[int(0.95 * len(far))]:.0f} ms | {1000 * far[-1]:.0f} ms"
        f" | {100 * sum(one <= TOGETHER for one in far) / len(far):.1f} %"
        f" | {', '.join(f'{name} {1000 * seconds:+.0f}' for seconds, name in worst)} |",
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main())
