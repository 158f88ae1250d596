"""A story said aloud by the board, sentence by sentence (SPEAK, docs/protocol.md). No I/O, no time
of its own."""

import itertools
import math
import unicodedata
from enum import IntEnum

from duotui.protocol import events, messages
from duotui.protocol.events import Event, Source, SpeechEndReason
from duotui.protocol.message import Message
from duotui.protocol.sentence_splitter import sentences
from duotui.protocol.timing import POLL_INTERVAL, RETRANSMIT_INTERVAL
from duotui.protocol.tokens import WordMark

PREPARE_TIMEOUT, PLAY_TIMEOUT = 30.0, 10.0
"""Seconds until a board that prepares a sentence is given up, and one that should have said it."""


class SpeechState(IntEnum):
    """Where a sentence is. The numbers are the wire's."""

    UNKNOWN = 0
    PREPARED = 1
    PLAYING = 2
    DONE = 3
    FAILED = 4
    STOPPED = 5


_ASCII_PUNCTUATION = str.maketrans("‘’“”–—…\u00a0", "''\"\"--. ")


def to_ascii(text: str) -> str:
    """`text` in ASCII, a character for a character: the board's voice knows no other."""
    return "".join(
        character if " " <= character < "\x7f" else _without_accent(character)
        for character in text.translate(_ASCII_PUNCTUATION)
    )


def _without_accent(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    return base if " " <= base < "\x7f" else " "


class SpeakRequest:
    """Of `text`, at a `volume` from 0 to 1. `number` is that of its first sentence; the next ones
    follow."""

    def __init__(self, source: Source, text: str, number: int, volume: float = 1.0) -> None:
        self.source, self.text, self.volume = source, text, volume
        self.spans = tuple(sentences(text))
        self.over = not self.spans
        self._number, self._index = number, 0
        self._ask, self._since = -math.inf, -math.inf
        self._state: int = SpeechState.UNKNOWN
        self._length = 0.0
        self._told = -1
        self._prepared = self._heard = 0.0

    @property
    def sentence(self) -> int:
        """The number of the sentence that is being said."""
        return (self._number + self._index) & 0xFFFFFFFF

    def start(self, now: float) -> list[Event]:
        self._since = now
        found: list[Event] = [events.SpeechStarted(now, self.source, self.spans)]
        return found + ([self._end(SpeechEndReason.DONE, now)] if self.over else [])

    def resume(self, now: float) -> None:
        """Another agent may be there: it is asked at once, and may take its time."""
        self._ask, self._since, self._state = now, now, SpeechState.UNKNOWN

    def due(self, now: float) -> list[Message]:
        if self.over or now < self._ask:
            return []
        self._ask = now + (
            RETRANSMIT_INTERVAL if self._state == SpeechState.UNKNOWN else POLL_INTERVAL
        )
        span = self.spans[self._index]
        loud, text = round(100 * self.volume), to_ascii(self.text[span.start : span.end])
        return [messages.Speak(self.sentence, loud, text)]

    def overdue(self, now: float) -> list[Event]:
        """The end of it, where the board neither says the sentence nor that it cannot."""
        patience = (
            self._length + PLAY_TIMEOUT if self._state == SpeechState.PLAYING else PREPARE_TIMEOUT
        )
        if self.over or self._state == SpeechState.UNKNOWN or now < self._since + patience:
            return []
        return [self._end(SpeechEndReason.FAILED, now, "the board's voice is stuck")]

    def stop(self, now: float) -> list[Event]:
        return [] if self.over else [self._end(SpeechEndReason.STOPPED, now)]

    def receive(self, said: messages.Speech, now: float) -> list[Event]:
        if self.over or said.sentence != self.sentence or said.state == SpeechState.UNKNOWN:
            return []
        if said.state != self._state:
            self._since = now
        self._state = said.state
        found: list[Event] = []
        if said.begun and said.state in (SpeechState.PLAYING, SpeechState.DONE):
            self._length = said.length / 1000
            found += self._sounding(said, now)
        match said.state:
            case SpeechState.DONE:
                begun = said.begun or said.ended
                self._prepared += (begun - said.asked) / 1e6
                self._heard += (said.ended - begun) / 1e6
                found += self._next(now)
            case SpeechState.FAILED:
                found.append(self._end(SpeechEndReason.FAILED, now, said.trouble))
            case SpeechState.STOPPED:
                found.append(self._end(SpeechEndReason.STOPPED, now))
        return found

    def _next(self, now: float) -> list[Event]:
        if self._index + 1 == len(self.spans):
            return [self._end(SpeechEndReason.DONE, now)]
        self._index += 1
        self._ask, self._since, self._state = now, now, SpeechState.UNKNOWN
        return []

    def _sounding(self, said: messages.Speech, now: float) -> list[Event]:
        """That it is heard, once."""
        if self._told == self._index:
            return []
        self._told = self._index
        start = self.spans[self._index].start
        marks = tuple(
            WordMark(begins / 1000, start + at, start + at + size)
            for begins, at, size in said.words
        )
        # by the board's clock, so that a message that was late marks the same word
        begun = now - (said.clock - said.begun) / 1e6
        return [
            events.SentencePlaying(
                now,
                self.source,
                index=self._index,
                begun=begun,
                length=said.length / 1000,
                marks=marks,
            )
        ]

    def _end(self, silence: SpeechEndReason, now: float, trouble: str = "") -> events.SpeechEnded:
        self.over = True
        said = self._index + (silence is SpeechEndReason.DONE and bool(self.spans))
        return events.SpeechEnded(
            now,
            self.source,
            silence=silence,
            sentences=said,
            prepared=self._prepared,
            heard=self._heard,
            trouble=trouble,
        )


def word_at(heard: events.SentencePlaying, now: float) -> WordMark | None:
    """The word that is heard at `now`, by the clock of the events."""
    begun = itertools.takewhile(lambda mark: heard.begun + mark.begins <= now, heard.marks)
    return max(begun, key=lambda mark: mark.begins, default=None)
