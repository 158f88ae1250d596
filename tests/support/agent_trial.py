"""A trial of the host's side with an agent that lies: what must hold, whatever it sends."""

import json
import random
import unicodedata
from collections.abc import Iterable
from dataclasses import fields, is_dataclass

from duotui.cli.run_summary import numbers, summary
from duotui.protocol.agent_client import AgentClient
from duotui.protocol.commands import (
    PauseRun,
    StartListening,
    StartRun,
    StartSpeech,
    StopRun,
    StopSpeech,
)
from duotui.protocol.events import Event, Fault, LineNoise, MicrophoneAudio, Source
from duotui.protocol.frames import Frame, FrameDecoder, NoiseBytes, encode
from duotui.protocol.message_base import Message
from duotui.protocol.request import Mode, Request
from duotui.session.event_history import EventHistory
from duotui.session.recording import event_line
from duotui.session.state import SessionState, reduce
from support.lying_agent import LYING_HELLO, STEPS, Liar
from support.short_story import STORY_NUMBER

REQUEST = Request(mode=Mode.EXACT, steps=STEPS)
MESSAGES_DUE = 20
"""Messages to send at once, at most."""

EVENTS_AT_ONCE = 12
"""Events of one item, at most, and those of a batch."""

STORY_TOKENS = STEPS + 50
"""Tokens of a story, at most: its steps, and the ids of the longest START of a Liar."""

_BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


class Trial:
    """One client with its state, its history and its recording. Every step checks them."""

    def __init__(self) -> None:
        self.client = AgentClient(Source.BOARD, patience=30.0)
        self.state, self.history = SessionState(), EventHistory()
        self.now, self.faults = 0.0, 0
        self._seq = 0
        self.client.opened(0.0)

    def greet(self) -> None:
        """Receive an honest HELLO, and request a story."""
        self.receive([LYING_HELLO])
        self._take(self.client.command(StartRun(REQUEST, STORY_NUMBER), self.now))
        self.send()

    def receive(self, said: Iterable[Message]) -> None:
        items: list[Frame | NoiseBytes] = []
        for message in said:
            self._seq += 1
            items.append(Frame(message.type, self._seq & 0xFFFF, message.payload()))
        self.receive_items(items)

    def receive_items(self, items: list[Frame | NoiseBytes]) -> None:
        emitted = self.client.receive(items, self.now)
        assert len(emitted) <= EVENTS_AT_ONCE * (len(items) + 1)
        assert sum(isinstance(event, LineNoise) for event in emitted) <= 1
        self._take(emitted)

    def send(self) -> None:
        """Encode all messages that are due."""
        due = self.client.due(self.now)
        assert len(due) <= MESSAGES_DUE
        for message in due:
            encode(Frame(message.type, 0, message.payload()))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._take(self.client.overdue(self.now))
        self.client.lost_reason(self.now)
        self.send()

    def act(self, rng: random.Random) -> None:
        """Do what a user or a cable may do at any moment."""
        match rng.randrange(8):
            case 0:
                self._take(self.client.command(StopRun(), self.now))
            case 1:
                self._take(self.client.command(PauseRun(rng.random() < 0.5), self.now))
            case 2:
                self._take(self.client.command(StartSpeech("Go. On.", STORY_NUMBER), self.now))
            case 3:
                self._take(self.client.command(StartListening(STORY_NUMBER), self.now))
            case 4:
                self._take(self.client.closed(self.now))
                self.client.opened(self.now)
            case 5:
                self._take(self.client.command(StopSpeech(), self.now))
            case 6:
                number = STORY_NUMBER + rng.randrange(2)
                self._take(self.client.command(StartRun(REQUEST, number), self.now))
            case _:
                self.wait(rng.choice((0.0, 0.4, 1.5, 20.0)))
        self.send()

    def _take(self, emitted: list[Event]) -> None:
        for event in emitted:
            check_texts(event)
            if isinstance(event, Fault):
                self.faults += 1
            if not isinstance(event, MicrophoneAudio):
                self.history.add(event)
                json.loads(event_line(event))
            self.state = reduce(self.state, event)
        assert len(self.state.board.tokens) <= STORY_TOKENS
        assert len(self.history) <= STORY_TOKENS + 150

    def finish(self) -> None:
        """Check what a user sees at the end."""
        text = json.dumps(summary(self.state), ensure_ascii=False, allow_nan=False)
        assert is_clean(text)
        assert is_clean(numbers(self.state))


def run_trial(rng: random.Random, rounds: int = 4) -> Trial:
    """Talk with a Liar in a few rounds, and check after each."""
    liar, trial = Liar(rng), Trial()
    if rng.random() < 0.9:
        trial.greet()
    for _ in range(rounds):
        trial.receive(liar.conversation())
        trial.send()
        trial.act(rng)
    trial.finish()
    return trial


def run_decoder(rng: random.Random, data: bytes) -> None:
    """Feed `data` in pieces, and hand what comes out to a client."""
    decoder, trial, at = FrameDecoder(), Trial(), 0
    while at < len(data):
        size = rng.randrange(1, 4000)
        trial.receive_items(decoder.feed(data[at : at + size]))
        at += size
    assert decoder.pending <= 8192
    trial.send()


def check_texts(value: object) -> None:
    """Check every string of an event."""
    if isinstance(value, str):
        assert is_clean(value), repr(value)
    elif is_dataclass(value):
        for field in fields(value):
            check_texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            check_texts(item)


def is_clean(text: str) -> bool:
    """True if `text` can do nothing to a terminal, and can be written to a file."""
    return not any(
        unicodedata.category(character) in ("Cc", "Cs")
        or unicodedata.bidirectional(character) in _BIDIRECTIONAL
        for character in text
        if character not in "\n\t"
    )
