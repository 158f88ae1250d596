"""The board's own microphone, recorded by the agent (docs/speech.md)."""

import asyncio
from collections.abc import AsyncGenerator

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.protocol.events import Batch, ListenEnded, MicrophoneAudio, Source
from duotui.session.session import Session
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.speech.microphone import SegmentingMicrophone, open_segmenter

NO_MICROPHONE = (N_("the board has no microphone"), N_("solder one to it, or let the host listen"))


class BoardMicrophone(SegmentingMicrophone):
    """The microphone of the board of `session`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._queue: asyncio.Queue[MicrophoneAudio | ListenEnded] | None = None
        session.subscribe(self._on_events)

    async def _audio(self) -> AsyncGenerator[bytes, None]:
        ready, link = self._session.state.board.ready, self._session.state.board.link
        if ready is not None and not ready.ear:
            raise NotReady(*map(_, NO_MICROPHONE))
        if ready is None or link is not LinkState.UP:
            raise NotReady(_("the board is not there"), _("wait until it is back"))
        audio = self._queue = asyncio.Queue()
        try:
            self._session.start_listening()
            while isinstance(event := await audio.get(), MicrophoneAudio):
                yield event.pcm
            raise NotReady(event.trouble or _("the board listens no more"), _("begin again"))
        finally:
            self._queue = None
            self._session.stop_listening()

    def _on_events(self, _state: SessionState, batch: Batch) -> None:
        for event in batch:
            if (
                self._queue is not None
                and event.source is Source.BOARD
                and isinstance(event, MicrophoneAudio | ListenEnded)
            ):
                self._queue.put_nowait(event)


async def open_board_microphone(session: Session) -> BoardMicrophone:
    """Return the microphone of the board, once the board has reported whether it has one. Raises
    NotReady if it has none, if it is lost for good, or without pocketsphinx."""
    await asyncio.to_thread(open_segmenter, 1.0)
    changed = asyncio.Event()
    session.subscribe(lambda _state, _batch: changed.set())
    while session.state.board.ready is None and session.state.board.link is not LinkState.LOST:
        await changed.wait()
        changed.clear()
    ready = session.state.board.ready
    if ready is None:
        raise NotReady(session.state.board.trouble, session.state.board.hint)
    if not ready.ear:
        raise NotReady(*map(_, NO_MICROPHONE))
    return BoardMicrophone(session)
