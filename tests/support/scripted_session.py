"""Session for tests of the screen: it follows a script, and records its requests."""

import asyncio
import math
from collections.abc import Iterable
from pathlib import Path

from duotui.base.errors import UsageError
from duotui.protocol.events import (
    Activity,
    EndReason,
    EngineStats,
    Event,
    LinkHealth,
    LinkOpening,
    LinkUp,
    Ready,
    RunEnded,
    RunStarted,
    SentencePlaying,
    Source,
    SpeechStarted,
    Tokens,
)
from duotui.protocol.request import Mode, Request
from duotui.protocol.sentence_splitter import sentences
from duotui.protocol.tokens import Token
from duotui.session.session import StateCallback
from duotui.session.state import SessionState, reduce

BOARD, BASELINE = Source.BOARD, Source.BASELINE

STORY_TEXT = (
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the "
    "park. One day, she saw a big, red ball in a tree. She wanted to play with it, but it was "
    'too high. Lily asked her mom, "Mom, can you help me get the ball?" Her mom smiled and '
    'said, "Of course, Lily. Let\'s ask the kind giraffe."\nThe giraffe was very tall. He bent '
    "his long neck and pushed the ball with his nose. The ball fell down, and Lily was so "
    'happy. "Thank you, giraffe!" she said. They played together until the sun went to sleep, '
    "and from that day on, Lily and the giraffe were the best of friends."
)


class ScriptedSession:
    """Session without a link. `emit` handles events; `requests` holds the screen's requests."""

    def __init__(self, *events: Event, live: bool = True) -> None:
        self.state = SessionState()
        self.live = live
        self.recording: Path | None = None
        self.requests: list[object] = []
        self.closed = asyncio.Event()
        self.slow_to_close = 0.0
        self.unwritable = False
        self._listeners: list[StateCallback] = []
        self.emit(*events)

    def emit(self, *events: Event) -> None:
        for event in events:
            self.state = reduce(self.state, event)
        for listener in self._listeners:
            listener(self.state, events)

    def subscribe(self, listener: StateCallback) -> None:
        self._listeners.append(listener)

    def open(self) -> None:
        self.requests.append("open")

    def generate(self, request: Request) -> None:
        self.requests.append(request)

    def stop(self) -> None:
        self.requests.append("stop")

    def pause(self, on: bool) -> None:
        self.requests.append("pause" if on else "go on")

    def step(self) -> None:
        self.requests.append("step")

    def speak(self, text: str = "") -> None:
        self.requests.append("speak")

    def stop_speaking(self) -> None:
        self.requests.append("hush")

    def record(self, path: Path | None) -> None:
        if self.unwritable:
            raise UsageError("the disk is full", "make room")
        self.requests.append("record" if path else "end of recording")
        self.recording = path

    async def close(self) -> None:
        self.requests.append("close")
        if self.slow_to_close:
            await asyncio.sleep(self.slow_to_close)
        self.closed.set()


def words(text: str) -> list[str]:
    """Split `text` into pieces like a tokenizer's: each word with the space before it."""
    return [(" " if at else "") + word for at, word in enumerate(text.split(" "))]


def ready(*, modes: tuple[Mode, ...] = tuple(Mode), boot: int = 1) -> tuple[Event, ...]:
    """Events of a session whose board and baseline are both ready."""
    events: list[Event] = []
    for source, machine in ((BOARD, "milkv-duo rv64gcv0p7"), (BASELINE, "x86-64 avx2")):
        events += [
            LinkOpening(0.0, source, "sim"),
            LinkUp(0.1, source, "sim", "the simulated Duo"),
            Ready(
                0.2,
                source,
                version="0.1.0",
                model="stories15M.duo",
                machine=machine,
                model_hash="cd590644" * 8,
                tokenizer_hash="50a52ef8" * 8,
                modes=modes,
                vocabulary=32000,
                context=256,
                parameters=15191712,
                boot=boot,
            ),
        ]
    return tuple(events)


def tokens(
    source: Source, pieces: Iterable[str], *, start: int = 0, period: int = 41_000
) -> Tokens:
    """Tokens of `pieces`; the same text always has the same id."""
    return Tokens(
        1.0,
        source,
        tuple(
            Token(
                index,
                sum(map(ord, piece)),
                piece,
                400_000 + index * period + 3000 * round(3 * math.sin(index / 5)),
                0.41 if index % 2 else 0.39,
            )
            for index, piece in enumerate(pieces, start)
        ),
    )


def started(source: Source, prompt: str = "Once upon a time,", *, steps: int = 256) -> RunStarted:
    ids = (1, *(sum(map(ord, piece)) for piece in words(prompt)))
    return RunStarted(
        0.5,
        source,
        story=1,
        prompt=prompt,
        mode=Mode.EXACT,
        steps=steps,
        temperature=1.0,
        top_p=0.9,
        seed=123,
        clock=0,
        ids=ids,
    )


def gauges(
    source: Source, count: int, *, paused: bool = False, idle: bool = False
) -> tuple[Event, ...]:
    activity = Activity.PAUSED if paused else Activity.IDLE if idle else Activity.GENERATING
    return (
        EngineStats(
            1.0,
            source,
            activity=activity,
            tokens=count,
            clock=count * 41_000,
            first=400_000,
            rss=30_412,
            peak=31_204,
            faults=3,
            repeats=0,
        ),
        LinkHealth(1.0, source, 4210, 2, 0, 12),
    )


def story(
    source: Source,
    pieces: list[str],
    *,
    batch: int = 4,
    steps: int = 256,
    period: int = 41_000,
) -> list[Event]:
    """Events of a growing story: it starts, and grows by `batch` tokens at a time."""
    events: list[Event] = [started(source, steps=steps)]
    for at in range(0, len(pieces), batch):
        events.append(tokens(source, pieces[at : at + batch], start=at, period=period))
    return [*events, *gauges(source, len(pieces))]


def ended(source: Source, count: int, reason: EndReason = EndReason.ENDED) -> Event:
    return RunEnded(9.0, source, reason, count, count * 41_000, 24.31)


def speech(index: int) -> list[Event]:
    """Events of a story that is being read aloud, up to this sentence."""
    spans = tuple(sentences(STORY_TEXT))
    return [SpeechStarted(10.0, BOARD, spans), SentencePlaying(11.0, BOARD, index, 11.0, 3.0, ())]


def identical_so_far() -> list[Event]:
    pieces = words(STORY_TEXT)
    return [*ready(), *story(BOARD, pieces[:60]), *story(BASELINE, pieces[:52])]


def identical_end() -> list[Event]:
    pieces = words(STORY_TEXT)
    events: list[Event] = [*ready()]
    for source in (BOARD, BASELINE):
        events += [
            *story(source, pieces, steps=len(pieces)),
            ended(source, len(pieces), EndReason.STEPS),
        ]
    return events


def differing() -> list[Event]:
    board_pieces, baseline_pieces = words(STORY_TEXT), words(STORY_TEXT)
    baseline_pieces[41:] = words(STORY_TEXT.replace("high", "small").replace("Lily", "Lucy"))[41:]
    baseline_pieces[41] = " soft."
    events: list[Event] = [*ready()]
    for source, pieces in ((BOARD, board_pieces), (BASELINE, baseline_pieces)):
        events += [*story(source, pieces[:97])]
    return events
