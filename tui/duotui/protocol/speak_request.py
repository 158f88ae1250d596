"""Speech of a story by the board, sentence by sentence (SPEAK, docs/protocol.md).

No I/O, no clock of its own.
"""

import itertools
import math
import unicodedata
from enum import IntEnum

from duotui.base.translation import gettext as _
from duotui.protocol import events, messages
from duotui.protocol.events import Event, Source, SpeechEndReason
from duotui.protocol.limits import MAX_VOLUME
from duotui.protocol.message_base import Message
from duotui.protocol.sentence_splitter import sentences
from duotui.protocol.timing import POLL_INTERVAL, RETRANSMIT_INTERVAL
from duotui.protocol.tokens import WordMark

PREPARE_TIMEOUT, PLAY_TIMEOUT = 30.0, 10.0
"""Seconds until the host gives up a board that prepares a sentence, and one that should have
finished playing it."""


SENTENCE_SECONDS = 300.0
"""Length of a sentence's sound, at most."""


class SpeechState(IntEnum):
    """State of a sentence. The numbers are the wire's."""

    UNKNOWN = 0
    PREPARED = 1
    PLAYING = 2
    DONE = 3
    FAILED = 4
    STOPPED = 5


_ASCII_PUNCTUATION = str.maketrans("‘’“”–—…\u00a0", "''\"\"--. ")


def to_ascii(text: str) -> str:
    """Convert `text` to ASCII, character by character: the board's voice reads nothing else."""
    return "".join(
        character if " " <= character < "\x7f" else _without_accent(character)
        for character in text.translate(_ASCII_PUNCTUATION)
    )


def _without_accent(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    return base if " " <= base < "\x7f" else " "


class SpeakRequest:
    """A request to speak `text` at a `volume` from 0 to 1. `number` is that of its first sentence;
    the next ones follow."""

    def __init__(self, source: Source, text: str, number: int, volume: float = 1.0) -> None:
        self.source, self.text, self.volume = source, text, volume
        self.spans = tuple(sentences(text))
        self.over = not self.spans
        self._number, self._index = number, 0
        self._poll_at, self._since = -math.inf, -math.inf
        self._state: int = SpeechState.UNKNOWN
        self._length = 0.0
        self._announced = -1
        self._prepared = self._played = 0.0

    @property
    def sentence(self) -> int:
        """Number of the current sentence."""
        return (self._number + self._index) & 0xFFFFFFFF

    def start(self, now: float) -> list[Event]:
        self._since = now
        emitted: list[Event] = [events.SpeechStarted(now, self.source, self.spans)]
        return emitted + ([self._end(SpeechEndReason.DONE, now)] if self.over else [])

    def resume(self, now: float) -> None:
        """Poll the agent at once, which may be another one, and restart its timeout."""
        self._poll_at, self._since, self._state = now, now, SpeechState.UNKNOWN

    def due(self, now: float) -> list[Message]:
        if self.over or now < self._poll_at:
            return []
        self._poll_at = now + (
            RETRANSMIT_INTERVAL if self._state == SpeechState.UNKNOWN else POLL_INTERVAL
        )
        span = self.spans[self._index]
        loud, text = round(MAX_VOLUME * self.volume), to_ascii(self.text[span.start : span.end])
        return [messages.Speak(self.sentence, loud, text)]

    def overdue(self, now: float) -> list[Event]:
        """End the request if the board neither plays the sentence nor reports a failure."""
        timeout = (
            self._length + PLAY_TIMEOUT if self._state == SpeechState.PLAYING else PREPARE_TIMEOUT
        )
        if self.over or now < self._since + timeout:
            return []
        return [self._end(SpeechEndReason.FAILED, now, _("the board's voice is stuck"))]

    def stop(self, now: float) -> list[Event]:
        return [] if self.over else [self._end(SpeechEndReason.STOPPED, now)]

    def receive(self, speech: messages.Speech, now: float) -> list[Event]:
        if self.over or speech.sentence != self.sentence or speech.state == SpeechState.UNKNOWN:
            return []
        if speech.state > self._state:
            self._since = now
        self._state = max(self._state, speech.state)
        if why := _contradiction(speech):
            return [self._end(SpeechEndReason.FAILED, now, why)]
        emitted: list[Event] = []
        if speech.begun and speech.state in (SpeechState.PLAYING, SpeechState.DONE):
            self._length = speech.length / 1000
            emitted += self._playing(speech, now)
        match speech.state:
            case SpeechState.DONE:
                started = speech.begun or speech.ended
                self._prepared += (started - speech.asked) / 1e6
                self._played += (speech.ended - started) / 1e6
                emitted += self._next(now)
            case SpeechState.FAILED:
                emitted.append(self._end(SpeechEndReason.FAILED, now, speech.trouble))
            case SpeechState.STOPPED:
                emitted.append(self._end(SpeechEndReason.STOPPED, now))
        return emitted

    def _next(self, now: float) -> list[Event]:
        if self._index + 1 == len(self.spans):
            return [self._end(SpeechEndReason.DONE, now)]
        self._index += 1
        self._poll_at, self._since, self._state = now, now, SpeechState.UNKNOWN
        return []

    def _playing(self, speech: messages.Speech, now: float) -> list[Event]:
        """Return SentencePlaying, once for each sentence."""
        if self._announced == self._index:
            return []
        self._announced = self._index
        span = self.spans[self._index]
        marks = tuple(
            WordMark(begins / 1000, span.start + at, span.start + at + size)
            for begins, at, size in speech.words
            if span.start + at + size <= span.end
        )
        # the board's clock, so that a late message marks the same word
        started = now - (speech.clock - speech.begun) / 1e6
        return [
            events.SentencePlaying(
                now,
                self.source,
                index=self._index,
                begun=started,
                length=speech.length / 1000,
                marks=marks,
            )
        ]

    def _end(self, silence: SpeechEndReason, now: float, trouble: str = "") -> events.SpeechEnded:
        self.over = True
        count = self._index + (silence is SpeechEndReason.DONE and bool(self.spans))
        return events.SpeechEnded(
            now,
            self.source,
            silence=silence,
            sentences=count,
            prepared=self._prepared,
            heard=self._played,
            trouble=trouble,
        )


def _contradiction(speech: messages.Speech) -> str:
    """Return what cannot be right in `speech`; "" if nothing is wrong."""
    if speech.length > 1000 * SENTENCE_SECONDS:
        return _("the board's voice claims a sentence of {length} s", length=speech.length // 1000)
    clocks = [clock for clock in (speech.asked, speech.begun, speech.ended) if clock]
    if clocks != sorted(clocks):
        return _("the clocks of the board's voice contradict each other")
    return ""


def word_at(sentence: events.SentencePlaying, now: float) -> WordMark | None:
    """The word that is playing at `now`, on the clock of the events."""
    started = itertools.takewhile(lambda mark: sentence.begun + mark.begins <= now, sentence.marks)
    return max(started, key=lambda mark: mark.begins, default=None)
