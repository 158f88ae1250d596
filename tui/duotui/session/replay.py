"""Replay of a recording as a session: the same events, at their own pace or another."""

import asyncio
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

from duotui.base.errors import UsageError
from duotui.protocol import events
from duotui.protocol.events import Event, Source
from duotui.protocol.request import Request
from duotui.session.recording import read
from duotui.session.session import StateCallback
from duotui.session.state import SessionState, reduce


class ReplaySession:
    """Session that plays a recording. `speed` 2 is twice as fast; 0 emits everything at once.
    Raises UsageError if `path` is not a recording."""

    live = False
    recording: Path | None = None

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        self.path, self.speed = path, speed
        self.events = tuple(read(path))
        self.state = SessionState()
        self._listeners: list[StateCallback] = []
        self._playing: asyncio.Task[None] | None = None
        self._going = asyncio.Event()
        self._stepping = False

    def subscribe(self, listener: StateCallback) -> None:
        self._listeners.append(listener)

    def open(self) -> None:
        """Play from the start."""
        if self._playing is not None:
            self._playing.cancel()
        self.state = SessionState()
        self._going.set()
        self._playing = asyncio.create_task(self._play())

    def generate(self, request: Request) -> None:
        """Play the recording's own story again."""
        self.open()

    def stop(self) -> None:
        if self._playing is not None:
            self._playing.cancel()

    def step(self) -> None:
        """Play on to the next tokens, if paused."""
        if not self._going.is_set():
            self._stepping = True
            self._going.set()

    def pause(self, on: bool) -> None:
        self._stepping = False
        if on:
            self._going.clear()
        else:
            self._going.set()

    def speak(self, text: str = "") -> None:
        """Do nothing: the recording holds its own speech events."""

    def stop_speaking(self) -> None:
        pass

    def record(self, path: Path | None) -> None:
        raise UsageError("this is a recording already", "copy the file")

    async def close(self) -> None:
        self.stop()

    async def finished(self) -> None:
        """Wait until the end of the recording, or until `stop`."""
        if self._playing is not None:
            await asyncio.wait({self._playing})

    @property
    def going(self) -> bool:
        """False if paused."""
        return self._going.is_set()

    @property
    def last(self) -> SessionState:
        """The state at the end of the recording."""
        return functools.reduce(reduce, self.events, SessionState())

    def states(self) -> Iterator[SessionState]:
        """Yield the state after each event."""
        return itertools.islice(
            itertools.accumulate(self.events, reduce, initial=SessionState()), 1, None
        )

    async def _play(self) -> None:
        batch: list[Event] = []
        last = self.events[0].t if self.events else 0.0
        for event in self.events:
            gap = event.t - last
            if self.speed and gap > 0:
                self._emit(batch)
                if self._stepping and any(isinstance(past, events.Tokens) for past in batch):
                    self.pause(True)
                batch = []
                if self._going.is_set() and not self._stepping:
                    await asyncio.sleep(gap / self.speed)
                await self._going.wait()
            last = event.t
            batch.append(event)
        self._emit(batch)
        if not (self.state.board.running or self.state.board.speaking):
            return
        # The recording ends before its story: emit a loss, so that a screen does not look alive.
        loss = events.LinkLost(last, Source.BOARD, "the recording ends here")
        self._emit([loss])

    def _emit(self, batch: list[Event]) -> None:
        if not batch:
            return
        for event in batch:
            self.state = reduce(self.state, event)
        for listener in self._listeners:
            listener(self.state, tuple(batch))
