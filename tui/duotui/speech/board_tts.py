"""Sentences said by the board: its own loudspeaker, its own clock (docs/speech.md).

A board says nothing while it tells. Where it has no voice, or is away, time is kept silently.
"""

import asyncio

from duotui.base.clock import Clock
from duotui.protocol.events import Batch, SentencePlaying, Source, SpeechEnded
from duotui.session.session import Session
from duotui.session.state import LinkState, SessionState
from duotui.speech.tts import SilentTts, Utterance, UtteranceStarted


class BoardTts:
    """A TextToSpeech. `clock` is the session's."""

    alone = True

    def __init__(self, session: Session, clock: Clock, pace: float) -> None:
        self.trouble = ""
        self._session, self._clock = session, clock
        self._silent, self._volume = SilentTts(clock, pace), 1.0
        self._begun: float | None = None
        self._queue: asyncio.Queue[SentencePlaying | SpeechEnded | None] | None = None
        session.subscribe(self._on_events)

    def configure(self, pace: float, volume: float) -> None:
        """The board's voice has one pace."""
        self._volume = volume
        self._silent.configure(pace, volume)

    def prepare(self, text: str) -> None:
        """The board prepares a sentence when it is asked to say it."""

    async def say(self, text: str, begun: UtteranceStarted) -> None:
        if not await self._speak(text, begun):
            await self._silent.say(text, begun)

    def position(self) -> float:
        if self._begun is None:
            return self._silent.position()
        return max(0.0, self._clock.now() - self._begun)

    async def close(self) -> None:
        """The session is closed by whoever opened it."""

    async def _speak(self, text: str, begun: UtteranceStarted) -> bool:
        """False where the board could not say all of it."""
        ready, link = self._session.state.board.ready, self._session.state.board.link
        if ready is None or not ready.voice or link is not LinkState.UP:
            self.trouble = "the board has no voice" if ready is not None and not ready.voice else ""
            return False
        self._queue = asyncio.Queue()
        over = False
        try:
            self._session.speak(text, self._volume)
            while not over:
                match await self._queue.get():
                    case SentencePlaying() as playing:
                        self._begun = playing.begun
                        begun(Utterance(text, playing.marks, playing.length))
                    case SpeechEnded(trouble=trouble):
                        over, self.trouble = True, trouble
                    case None:
                        return False
            return not self.trouble
        finally:
            self._queue = self._begun = None
            if not over:
                self._session.stop_speaking()

    def _on_events(self, state: SessionState, batch: Batch) -> None:
        if self._queue is None:
            return
        for event in batch:
            if event.source is Source.BOARD and isinstance(event, SentencePlaying | SpeechEnded):
                self._queue.put_nowait(event)
        if state.board.link in (LinkState.RECONNECTING, LinkState.LOST):
            self._queue.put_nowait(None)
