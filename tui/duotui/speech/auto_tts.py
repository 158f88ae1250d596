"""Text-to-speech by the best voice that is there: the board's, else this computer's, else none."""

from duotui.base.translation import gettext as _
from duotui.session.session import Session
from duotui.speech.tts import TextToSpeech, UtteranceStarted


class AutoTts:
    """A TextToSpeech that chooses between two before each sentence: a board may come, go, or turn
    out to have no voice. Without any voice a sentence is a silent pause."""

    def __init__(self, session: Session, board: TextToSpeech, host: TextToSpeech) -> None:
        self._session, self._board, self._host = session, board, host
        self._speaking: TextToSpeech | None = None

    @property
    def alone(self) -> bool:
        return self._chosen.alone

    @property
    def trouble(self) -> str:
        chosen = self._speaking or self._chosen
        if chosen is self._board or not chosen.trouble:
            return chosen.trouble
        ready = self._session.state.board.ready
        if ready is None:  # its voice is not known yet
            return ""
        return _("the board has no voice, and this computer neither: {why}", why=chosen.trouble)

    def configure(self, pace: float, volume: float) -> None:
        self._board.configure(pace, volume)
        self._host.configure(pace, volume)

    def prepare(self, text: str) -> None:
        self._chosen.prepare(text)

    async def speak(self, text: str, begun: UtteranceStarted) -> None:
        self._speaking = self._chosen
        try:
            await self._speaking.speak(text, begun)
        finally:
            self._speaking = None

    def position(self) -> float:
        return 0.0 if self._speaking is None else self._speaking.position()

    async def close(self) -> None:
        await self._board.close()
        await self._host.close()

    @property
    def _chosen(self) -> TextToSpeech:
        ready = self._session.state.board.ready
        return self._board if ready is not None and ready.voice else self._host
