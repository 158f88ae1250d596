"""The board's own microphone: what is said to it, by the agent's recorder (docs/speech.md)."""

import asyncio
from collections.abc import AsyncGenerator

from duotui.base.errors import NotReady
from duotui.protocol.events import Batch, ListenEnded, Narrator, Sound
from duotui.session.session import Session
from duotui.session.state import Link, State
from duotui.speech.microphone import Listener, open_turn

NONE = ("the board has no microphone", "solder one to it, or let the host listen")


class BoardMicrophone(Listener):
    """Of the board that `session` is with."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._heard: asyncio.Queue[Sound | ListenEnded] | None = None
        session.listen(self._listen)

    async def _sound(self) -> AsyncGenerator[bytes, None]:
        ready, link = self._session.state.board.ready, self._session.state.board.link
        if ready is not None and not ready.ear:
            raise NotReady(*NONE)
        if ready is None or link is not Link.UP:
            raise NotReady("the board is not there", "wait until it is back")
        heard = self._heard = asyncio.Queue()
        try:
            self._session.hear()
            while isinstance(event := await heard.get(), Sound):
                yield event.pcm
            raise NotReady(event.trouble or "the board listens no more", "begin again")
        finally:
            self._heard = None
            self._session.enough()

    def _listen(self, _state: State, batch: Batch) -> None:
        for event in batch:
            if (
                self._heard is not None
                and event.narrator is Narrator.BOARD
                and isinstance(event, Sound | ListenEnded)
            ):
                self._heard.put_nowait(event)


async def open_board_microphone(session: Session) -> BoardMicrophone:
    """Waits for the board to say whether it has one. Raises NotReady where it has none, where it is
    lost for good, or where nothing knows what speech is."""
    await asyncio.to_thread(open_turn, 1.0)
    news = asyncio.Event()
    session.listen(lambda _state, _batch: news.set())
    while session.state.board.ready is None and session.state.board.link is not Link.LOST:
        await news.wait()
        news.clear()
    ready = session.state.board.ready
    if ready is None:
        raise NotReady(session.state.board.trouble, session.state.board.hint)
    if not ready.ear:
        raise NotReady(*NONE)
    return BoardMicrophone(session)
