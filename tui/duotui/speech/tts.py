"""A sentence that is being said, and who says it.

A TextToSpeech says one sentence at a time. Where it is in it is asked of the clock of what plays
it, so that the word that is marked is the word that is heard.
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
    """`marks` are the words of `text`, in order, each from its first sound to that of the next;
    their times and `length` are seconds from the sentence's first sound."""

    text: str
    marks: tuple[WordMark, ...]
    length: float

    def word_at(self, seconds: float) -> WordMark | None:
        """The word that is heard then; the last one until the end, none before the first."""
        begun = itertools.takewhile(lambda mark: mark.begins <= seconds, self.marks)
        return max(begun, key=lambda mark: mark.begins, default=None)


class TextToSpeech(Protocol):
    """Whoever says sentences. Never raises for want of sound: it then keeps time silently, and
    `trouble` says why in one line, for grown-ups. One that is `alone` says nothing while a story
    is told."""

    alone: bool

    @property
    def trouble(self) -> str: ...

    def configure(self, pace: float, volume: float) -> None:
        """Set words a minute and volume, 0 to 1, from the next sentence on."""
        ...

    def prepare(self, text: str) -> None:
        """This will be said soon."""
        ...

    async def say(self, text: str, begun: UtteranceStarted) -> None:
        """Say `text` to its end; `begun` is called when its first sound is heard. Where the task
        is cancelled there is silence at once."""
        ...

    def position(self) -> float:
        """Seconds of the sentence that were heard until now; 0 before it begins."""
        ...

    async def close(self) -> None: ...


class SilentTts:
    """Keeps the time of a reader, without a sound. `pace` is in words a minute."""

    trouble = ""
    alone = False

    def __init__(self, clock: Clock, pace: float) -> None:
        self.pace = pace
        self._clock = clock
        self._since: float | None = None

    def configure(self, pace: float, volume: float) -> None:
        self.pace = pace

    def prepare(self, text: str) -> None:
        """There is nothing to prepare."""

    async def say(self, text: str, begun: UtteranceStarted) -> None:
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
        """There is nothing to let go."""


_WORD_PATTERN = re.compile(r"\S+")

SENTENCE_PAUSE = 1.5
"""Words that a reader's pause at the end of a sentence is as long as."""


def timed_words(text: str, pace: float) -> Utterance:
    """`text` read at `pace` words a minute: a long word takes longer than a short one, and all of
    them together as long as that many words."""
    spans = [(found.start(), found.end()) for found in _WORD_PATTERN.finditer(text)]
    whole = 60.0 / pace * len(spans)
    weights = [end - start + 3 for start, end in spans]
    each = whole / sum(weights) if weights else 0.0
    marks, at = [], 0.0
    for (start, end), weight in zip(spans, weights, strict=True):
        marks.append(WordMark(at, start, end))
        at += weight * each
    return Utterance(text, tuple(marks), at + SENTENCE_PAUSE * 60.0 / pace if marks else 0.0)
