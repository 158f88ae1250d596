"""Replay of a recording as a session: the same events, at their own pace or another."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.protocol import events
from duotui.protocol.events import Event, Source
from duotui.protocol.request import Request
from duotui.session.recording import Recording
from duotui.session.session import StateCallback
from duotui.session.state import SessionState, reduce

BATCH_LIMIT = 1000
"""Events that are emitted at once, at most: keys are taken between two batches."""


class ReplaySession:
    """Session that plays a recording. `speed` 2 is twice as fast; 0 emits everything at once."""

    live = False
    recording: Path | None = None

    def __init__(self, recording: Recording, speed: float = 1.0) -> None:
        self.played, self.speed = recording, speed
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
        raise UsageError(_("this is a recording already"), _("copy the file"))

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

    async def _play(self) -> None:
        last = 0.0
        try:
            async with contextlib.aclosing(self._batches()) as batches:
                async for batch in batches:
                    self._emit(batch)
                    last = batch[-1].t
        except UsageError as error:  # the file has changed since it was read
            self._emit([events.LinkLost(last, Source.BOARD, error.message, error.hint)])
            return
        if not (self.state.board.running or self.state.board.speaking):
            return
        # The recording ends before its story: emit a loss, so that a screen does not look alive.
        self._emit([events.LinkLost(last, Source.BOARD, _("the recording ends here"))])

    async def _batches(self) -> AsyncGenerator[list[Event], None]:
        """Yield the events that are due at once, when they are due."""
        batch: list[Event] = []
        for event in self.played.events():
            gap = event.t - batch[-1].t if batch else 0.0
            if len(batch) == BATCH_LIMIT or (self.speed and gap > 0):
                yield batch
                if self._stepping and any(isinstance(past, events.Tokens) for past in batch):
                    self.pause(True)
                batch = []
                pause = gap / self.speed if self.speed and not self._stepping else 0.0
                await asyncio.sleep(pause if self._going.is_set() else 0.0)
                await self._going.wait()
            batch.append(event)
        if batch:
            yield batch

    def _emit(self, batch: list[Event]) -> None:
        for event in batch:
            self.state = reduce(self.state, event)
        for listener in self._listeners:
            listener(self.state, tuple(batch))
