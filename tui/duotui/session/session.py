"""A session: a board, the baseline beside it, and their listeners.

The session owns the order: an event is recorded, then reduced, then passed to the listeners, in one
asyncio loop. It never blocks: ports have threads of their own.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from duotui.base.clock import Clock
from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.link.connection import Connection
from duotui.link.port_thread import Channel
from duotui.protocol import events
from duotui.protocol.commands import (
    PauseRun,
    StartListening,
    StartRun,
    StartSpeech,
    StopListening,
    StopRun,
    StopSpeech,
)
from duotui.protocol.events import Batch, Source
from duotui.protocol.request import Mode, Request
from duotui.protocol.timing import STORY_TIMEOUT
from duotui.session.event_history import EventHistory
from duotui.session.recording import Recorder
from duotui.session.state import SessionState, reduce

StateCallback = Callable[[SessionState, Batch], None]


class SessionProtocol(Protocol):
    """Interface for a screen: a live `Session`, or a recording that is played."""

    @property
    def state(self) -> SessionState: ...

    @property
    def live(self) -> bool:
        """False for a recording, which accepts no requests."""
        ...

    @property
    def recording(self) -> Path | None:
        """The file to which events are being written."""
        ...

    def subscribe(self, listener: StateCallback) -> None:
        """Call `listener(state, events)` in the loop for each batch, after it was reduced."""
        ...

    def open(self) -> None:
        """Begin to connect, or to play; return at once. A call after a loss connects anew."""
        ...

    def generate(self, request: Request) -> None:
        """Request a story from both sources; a running one is stopped first."""
        ...

    def stop(self) -> None: ...

    def pause(self, on: bool) -> None: ...

    def step(self) -> None:
        """Play a paused recording on to the next tokens."""
        ...

    def speak(self, text: str = "") -> None:
        """Have the board read `text` aloud, or its story; any error becomes an event."""
        ...

    def stop_speaking(self) -> None: ...

    def record(self, path: Path | None) -> None:
        """Write events to `path` from now on; None ends it.

        Raises UsageError if the file cannot be written.
        """
        ...

    async def close(self) -> None:
        """Release ports, threads and child processes within a second."""
        ...


class Session:
    """A board and, if `baseline` is given, the fp32 reference beside it.

    The baseline is requested when the board's story has started, with the board's effective seed
    and steps. `number` returns story numbers, which must be new for each process. A story is given
    up after `patience` seconds without a new event of it.
    """

    live = True

    def __init__(
        self,
        board: Channel,
        baseline: Channel | None,
        clock: Clock,
        number: Callable[[], int],
        *,
        patience: float = STORY_TIMEOUT,
    ) -> None:
        self.state = SessionState()
        self._clock, self._number = clock, number
        self._listeners: list[StateCallback] = []
        self._recorder: Recorder | None = None
        self._history = EventHistory()
        self._request: Request | None = None
        self._board = Connection(Source.BOARD, board, clock, self._emit, patience=patience)
        self._baseline: Connection | None = None
        if baseline is not None:
            self._baseline = Connection(
                Source.BASELINE, baseline, clock, self._emit, patience=patience
            )

    @property
    def recording(self) -> Path | None:
        return self._recorder.path if self._recorder else None

    def subscribe(self, listener: StateCallback) -> None:
        self._listeners.append(listener)

    def open(self) -> None:
        for connection in self._connections():
            connection.open()

    def generate(self, request: Request) -> None:
        """Request a story; a request that no agent would accept becomes a Fault."""
        self.open()
        try:
            request.checked()
        except UsageError as error:
            now = self._clock.now()
            self._emit((events.Fault(now, Source.BOARD, error.message, error.hint, error.exit),))
            return
        self._request = request
        self._board.command(StartRun(request, self._number()))

    def stop(self) -> None:
        for connection in self._connections():
            connection.command(StopRun())

    def pause(self, on: bool) -> None:
        for connection in self._connections():
            connection.command(PauseRun(on))

    def step(self) -> None:
        """Do nothing: a board cannot step."""

    def speak(self, text: str = "", volume: float = 1.0) -> None:
        self._board.command(StartSpeech(text or self.state.board.text, self._number(), volume))

    def stop_speaking(self) -> None:
        self._board.command(StopSpeech())

    def start_listening(self) -> None:
        """Have the board listen until `stop_listening`: emit MicrophoneAudio, then ListenEnded."""
        self._board.command(StartListening(self._number()))

    def stop_listening(self) -> None:
        self._board.command(StopListening())

    def record(self, path: Path | None) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
        if path is not None:
            started = datetime.now(UTC).isoformat(timespec="seconds")
            self._recorder = Recorder(path, started, self._history)

    async def close(self) -> None:
        await asyncio.gather(*(connection.close() for connection in self._connections()))
        self.record(None)

    def _connections(self) -> list[Connection]:
        return [self._board, *([self._baseline] if self._baseline else [])]

    def _emit(self, batch: Batch) -> None:
        batch = self._recorded(batch)
        for event in batch:
            self.state = reduce(self.state, event)
        for event in batch:
            if event.source is Source.BOARD and isinstance(event, events.RunStarted):
                self._generate_baseline(event)
        for listener in self._listeners:
            listener(self.state, batch)

    def _recorded(self, batch: Batch) -> Batch:
        """Write the batch before any listener receives it. A full disk ends the recording only."""
        lasting = [event for event in batch if not isinstance(event, events.MicrophoneAudio)]
        for event in lasting:
            self._history.add(event)
        if self._recorder is None:
            return batch
        try:
            for event in lasting:
                self._recorder.write(event)
        except UsageError as error:
            recorder, self._recorder = self._recorder, None
            with contextlib.suppress(OSError):
                recorder.close()
            now = self._clock.now()
            failed = events.RecordingFailed(now, Source.BOARD, error.message, error.hint)
            return (*batch, failed)
        return batch

    def _generate_baseline(self, run: events.RunStarted) -> None:
        if self._baseline is None or self._request is None:
            return
        board, baseline = self.state.board.ready, self.state.baseline.ready
        if board and baseline and board.model_hash != baseline.model_hash:
            self._emit(
                (
                    events.Fault(
                        self._clock.now(),
                        Source.BASELINE,
                        _(
                            "the board tells from {model} ({model_hash}), the baseline from "
                            "{model_2} ({model_hash_2})",
                            model=board.model,
                            model_hash=board.model_hash[:8],
                            model_2=baseline.model,
                            model_hash_2=baseline.model_hash[:8],
                        ),
                        _("name the board's model with --model"),
                    ),
                )
            )
            return
        reference = replace(self._request, mode=Mode.REFERENCE, seed=run.seed, steps=run.steps)
        self._baseline.command(StartRun(reference, self._number()))
