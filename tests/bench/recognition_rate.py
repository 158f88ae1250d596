"""Recognition rate of wishes, and of everything else that a microphone hears.

    python -m bench.recognition_rate [--others] [--every N] [--dump FILE]

Run it in tests/. Every voice says wishes and other sentences, clean and in noise of 15 dB. A
microphone takes each turn, and the recognizer transcribes it. `right`: the recognized wish is the
spoken one. `wrong`: another wish is recognized. `outside` counts what was no wish, and how much of
it was recognized as one.
"""

from __future__ import annotations

import argparse
import json
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from duotui.speech import recognizer
from support.spoken_wishes import (
    CARDS,
    CONDITIONS,
    HELD_OUT,
    OTHER_VOICES,
    OUTSIDE,
    VOICES,
    Voice,
    in_noise,
    sounds,
    turned,
    wishes,
)

WISHES_PER_VOICE = 20
"""Wishes of each voice in each condition, half of them short."""


@dataclass(frozen=True, slots=True)
class RecognitionCase:
    """Sound or text to recognize. `slots` is empty if it is no wish, `voice` if it is `pcm`."""

    text: str
    slots: dict[str, str]
    condition: str
    seed: int
    voice: Voice | None
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class Result:
    text: str
    wished: dict[str, str]
    voice: str
    condition: str
    words: str
    margin: float
    slots: dict[str, str]
    confidence: float

    @property
    def outcome(self) -> str:
        if not self.slots:
            return "none"
        if self.wished and self.slots != self.wished:
            return "wrong"
        return "right"


def cases(voices: tuple[Voice, ...], outside: tuple[str, ...]) -> list[RecognitionCase]:
    chance = random.Random(3)
    alone = sum(len(forms) for keys in CARDS.values() for forms in keys.values())
    every = wishes(alone + 100, 1)
    result = []
    for number, voice in enumerate(voices):
        for condition in CONDITIONS:
            for seed in range(WISHES_PER_VOICE):
                text, slots = chance.choice(every[:alone] if seed % 2 else every[alone:])
                result.append(RecognitionCase(text, slots, condition, seed, voice))
        for seed, text in enumerate(outside):
            condition = CONDITIONS[(seed + number) % len(CONDITIONS)]
            result.append(RecognitionCase(text, {}, condition, seed, voice))
    result += [RecognitionCase(name, {}, "sounds", 0, None, pcm) for name, pcm in sounds().items()]
    return result


_RECOGNIZER: list[recognizer.Recognizer] = []


def recognize(case: RecognitionCase) -> Result:
    if not _RECOGNIZER:
        _RECOGNIZER.append(recognizer.Recognizer(CARDS))
    pcm = case.pcm
    if case.voice:
        pcm = in_noise(case.text, case.voice, case.condition, case.seed)
    words, margin = _RECOGNIZER[0].weighed(turned(pcm))
    recognized = _RECOGNIZER[0].understood(words, margin)
    voice = case.voice[0] if case.voice else ""
    return Result(
        text=case.text,
        wished=case.slots,
        voice=voice,
        condition=case.condition,
        words=words,
        margin=margin,
        slots=dict(recognized.slots) if recognized else {},
        confidence=recognized.confidence if recognized else 0.0,
    )


def table(results: list[Result]) -> str:
    """Table by condition, then by voice."""
    lines = [
        f"{'':22}{'wishes':>7}{'right':>6}{'wrong':>6}{'none':>6}{'right':>7}"
        f"{'outside':>9}{'asked':>6}"
    ]
    conditions = list(dict.fromkeys(result.condition for result in results))
    voices = list(dict.fromkeys(result.voice for result in results if result.voice))
    for name in ("all", *conditions, *voices):
        some = [r for r in results if name in ("all", r.condition, r.voice)]
        inside = [r.outcome for r in some if r.wished]
        outside = [r.outcome for r in some if not r.wished]
        counts = [inside.count(outcome) for outcome in ("right", "wrong", "none")]
        right = f"{counts[0] / len(inside):7.0%}" if inside else f"{'':7}"
        lines.append(
            f"{name:22}{len(inside):7}"
            + "".join(f"{count:6}" for count in counts)
            + right
            + f"{len(outside):9}{len(outside) - outside.count('none'):6}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--others", action="store_true", help="what nothing was settled by")
    parser.add_argument("--every", type=int, default=1, help="only every Nth case")
    parser.add_argument("--dump", type=Path, help="each result, a line of JSON")
    settled = parser.parse_args()
    material = (OTHER_VOICES, HELD_OUT) if settled.others else (VOICES, OUTSIDE)
    chosen = cases(*material)[:: settled.every]
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(recognize, chosen, chunksize=8))
    if settled.dump:
        settled.dump.write_text("".join(json.dumps(asdict(r)) + "\n" for r in results))
    print(table(results))


if __name__ == "__main__":
    main()
