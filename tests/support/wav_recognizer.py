"""Recognition of a WAV within a grammar, by pocketsphinx, whose model comes with it."""

from __future__ import annotations

import array
import wave
from typing import TYPE_CHECKING

from pocketsphinx import Decoder

if TYPE_CHECKING:
    from pathlib import Path

MODEL_RATE = 16_000
"""Sample rate of the model, in samples a second."""

GRAMMAR = """#JSGF V1.0;
grammar story;
public <sentence> = once upon a time there was a little <who> (named | called) <name>;
<who> = girl | boy | dog | cat | dragon | bear;
<name> = lily | tim | max | sam | mary | ben;
"""


def understood(wav: Path, folder: Path) -> str:
    """Recognized sentence of the grammar; "" if it was none."""
    grammar = folder / "story.gram"
    grammar.write_text(GRAMMAR)
    decoder = Decoder(jsgf=str(grammar), loglevel="FATAL", samprate=MODEL_RATE)
    decoder.start_utt()
    decoder.process_raw(_samples(wav), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return str(hypothesis.hypstr) if hypothesis is not None else ""


def _samples(wav: Path) -> bytes:
    """First channel, resampled to MODEL_RATE by linear interpolation."""
    with wave.open(str(wav)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = array.array("h", file.readframes(file.getnframes()))[::channels]
    out = array.array("h")
    for number in range(len(samples) * MODEL_RATE // rate - 1):
        at, part = divmod(number * rate, MODEL_RATE)
        out.append((samples[at] * (MODEL_RATE - part) + samples[at + 1] * part) // MODEL_RATE)
    return out.tobytes()
