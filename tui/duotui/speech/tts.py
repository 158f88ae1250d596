"""Text-to-speech: an utterance with its word marks, and the interface of all voices.

A TextToSpeech speaks one sentence at a time. `position()` comes from the playback clock, so that
the highlighted word is the audible one.
"""

import asyncio
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from duotui.base.clock import Clock
from duotui.protocol.tokens import WordMark

UtteranceStarted = Callable[["Utterance"], None]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence that is read. `marks` are the words of `text`, in order, each from its first sound
    to that of the next. Their times and `length` are seconds from the sentence's first sound."""

    text: str
    marks: tuple[WordMark, ...]
    length: float

    def word_at(self, seconds: float) -> WordMark | None:
        """Return the word that is audible then; the last one until the end, None before the
        first."""
        started = itertools.takewhile(lambda mark: mark.begins <= seconds, self.marks)
        return max(started, key=lambda mark: mark.begins, default=None)


class TextToSpeech(Protocol):
    """Interface of a voice. It never raises if there is no sound: it then waits as long as the
    sentence would last. `trouble` is the reason in one line, for grown-ups. A voice with `alone`
    does not speak while a story is generated."""

    @property
    def alone(self) -> bool: ...

    @property
    def trouble(self) -> str: ...

    def configure(self, pace: float, volume: float) -> None:
        """Set words a minute and volume, 0 to 1, from the next sentence on."""
        ...

    def prepare(self, text: str) -> None:
        """Announce a sentence that will be spoken soon."""
        ...

    async def speak(self, text: str, begun: UtteranceStarted) -> None:
        """Speak `text` to its end; `begun` is called at its first sound. Cancelling the task stops
        the sound at once."""
        ...

    def position(self) -> float:
        """Return the seconds of the sentence that were played until now; 0 before it begins."""
        ...

    async def close(self) -> None: ...


class SilentTts:
    """A TextToSpeech without sound, at a reader's pace. `pace` is in words a minute."""

    trouble = ""
    alone = False

    def __init__(self, clock: Clock, pace: float) -> None:
        self.pace = pace
        self._clock = clock
        self._since: float | None = None

    def configure(self, pace: float, volume: float) -> None:
        self.pace = pace

    def prepare(self, text: str) -> None:
        """Nothing to prepare."""

    async def speak(self, text: str, begun: UtteranceStarted) -> None:
        utterance = timed_words(text, self.pace)
        self._since = self._clock.now()
        begun(utterance)
        try:
            await asyncio.sleep(utterance.length)
        finally:
            self._since = None

    def position(self) -> float:
        return 0.0 if self._since is None else self._clock.now() - self._since

    async def close(self) -> None:
        """Nothing to close."""


_SPOKEN_WORD = re.compile(r"\S+")

SENTENCE_PAUSE = 1.5
"""Length of a reader's pause at the end of a sentence, in words."""


def timed_words(text: str, pace: float) -> Utterance:
    """Return `text` as read at `pace` words a minute. A long word takes longer than a short one,
    and all of them together as long as that many words."""
    spans = [(match.start(), match.end()) for match in _SPOKEN_WORD.finditer(text)]
    whole = 60.0 / pace * len(spans)
    weights = [end - start + 3 for start, end in spans]
    each = whole / sum(weights) if weights else 0.0
    marks, at = [], 0.0
    for (start, end), weight in zip(spans, weights, strict=True):
        marks.append(WordMark(at, start, end))
        at += weight * each
    return Utterance(text, tuple(marks), at + SENTENCE_PAUSE * 60.0 / pace if marks else 0.0)
