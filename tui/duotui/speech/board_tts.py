"""Text-to-speech by the board, with its own loudspeaker and clock (docs/speech.md).

A board does not speak while it generates. If it has no voice, or is away, a silent pause of the
same length takes the sentence's place.
"""

import asyncio

from duotui.base.clock import Clock
from duotui.base.translation import gettext as _
from duotui.protocol.events import Batch, SentencePlaying, Source, SpeechEnded
from duotui.session.session import Session
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.speech.tts import SilentTts, Utterance, UtteranceStarted


class BoardTts:
    """A TextToSpeech. `clock` is the session's."""

    alone = True

    def __init__(self, session: Session, clock: Clock, pace: float) -> None:
        self.trouble = ""
        self._session, self._clock = session, clock
        self._silent, self._volume = SilentTts(clock, pace), 1.0
        self._started: float | None = None
        self._queue: asyncio.Queue[SentencePlaying | SpeechEnded | None] | None = None
        session.subscribe(self._on_events)

    def configure(self, pace: float, volume: float) -> None:
        """Set the volume; the board's voice has one pace."""
        self._volume = volume
        self._silent.configure(pace, volume)

    def prepare(self, text: str) -> None:
        """Nothing to prepare: the board synthesizes a sentence on request."""

    async def speak(self, text: str, begun: UtteranceStarted) -> None:
        if not await self._speak(text, begun):
            await self._silent.speak(text, begun)

    def position(self) -> float:
        if self._started is None:
            return self._silent.position()
        return max(0.0, self._clock.now() - self._started)

    async def close(self) -> None:
        """Nothing to close: the opener of the session closes it."""

    async def _speak(self, text: str, begun: UtteranceStarted) -> bool:
        """Return False if the board did not speak all of it."""
        ready, link = self._session.state.board.ready, self._session.state.board.link
        if ready is None or not ready.voice or link is not LinkState.UP:
            self.trouble = (
                _("the board has no voice") if ready is not None and not ready.voice else ""
            )
            return False
        self._queue = asyncio.Queue()
        ended = False
        try:
            self._session.speak(text, self._volume)
            while not ended:
                match await self._queue.get():
                    case SentencePlaying() as playing:
                        self._started = playing.begun
                        begun(Utterance(text, playing.marks, playing.length))
                    case SpeechEnded(trouble=trouble):
                        ended, self.trouble = True, trouble
                    case None:
                        return False
            return not self.trouble
        finally:
            self._queue = self._started = None
            if not ended:
                self._session.stop_speaking()

    def _on_events(self, state: SessionState, batch: Batch) -> None:
        if self._queue is None:
            return
        for event in batch:
            if event.source is Source.BOARD and isinstance(event, SentencePlaying | SpeechEnded):
                self._queue.put_nowait(event)
        if state.board.link.gone:
            self._queue.put_nowait(None)
