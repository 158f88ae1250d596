"""Sentences said by the board: its own loudspeaker, its own clock (docs/speech.md).

A board says nothing while it tells. Where it has no voice, or is away, time is kept silently.
"""

import asyncio

from duotui.base.clock import Clock
from duotui.protocol.events import Batch, Narrator, SentenceHeard, SpeechEnded
from duotui.session.session import Session
from duotui.session.state import Link, State
from duotui.speech.tts import Begun, Silent, Utterance


class BoardReader:
    """A Reader. `clock` is the session's."""

    alone = True

    def __init__(self, session: Session, clock: Clock, pace: float) -> None:
        self.trouble = ""
        self._session, self._clock = session, clock
        self._silent, self._volume = Silent(clock, pace), 1.0
        self._begun: float | None = None
        self._heard: asyncio.Queue[SentenceHeard | SpeechEnded | None] | None = None
        session.listen(self._listen)

    def settle(self, pace: float, volume: float) -> None:
        """The board's voice has one pace."""
        self._volume = volume
        self._silent.settle(pace, volume)

    def prepare(self, text: str) -> None:
        """The board prepares a sentence when it is asked to say it."""

    async def say(self, text: str, begun: Begun) -> None:
        if not await self._said(text, begun):
            await self._silent.say(text, begun)

    def position(self) -> float:
        if self._begun is None:
            return self._silent.position()
        return max(0.0, self._clock.now() - self._begun)

    async def close(self) -> None:
        """The session is closed by whoever opened it."""

    async def _said(self, text: str, begun: Begun) -> bool:
        """False where the board could not say all of it."""
        ready, link = self._session.state.board.ready, self._session.state.board.link
        if ready is None or not ready.voice or link is not Link.UP:
            self.trouble = "the board has no voice" if ready is not None and not ready.voice else ""
            return False
        self._heard = asyncio.Queue()
        over = False
        try:
            self._session.speak(text, self._volume)
            while not over:
                match await self._heard.get():
                    case SentenceHeard() as heard:
                        self._begun = heard.begun
                        begun(Utterance(text, heard.marks, heard.length))
                    case SpeechEnded(trouble=trouble):
                        over, self.trouble = True, trouble
                    case None:
                        return False
            return not self.trouble
        finally:
            self._heard = self._begun = None
            if not over:
                self._session.hush()

    def _listen(self, state: State, batch: Batch) -> None:
        if self._heard is None:
            return
        for event in batch:
            if event.narrator is Narrator.BOARD and isinstance(event, SentenceHeard | SpeechEnded):
                self._heard.put_nowait(event)
        if state.board.link in (Link.AWAY, Link.LOST):
            self._heard.put_nowait(None)
