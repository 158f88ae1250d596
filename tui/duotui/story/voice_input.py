"""A microphone and a recogniser, opened when they are first needed.

Nothing is recorded during text-to-speech: the controller runs one task at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.speech.recognizer import Recognition

UTTERANCE_LIMIT = 12.0
"""Seconds of an utterance at most."""

RECOGNIZER_OPEN_TIMEOUT = 10.0
"""Seconds that `listen` waits for the microphone and the recogniser to open."""

SPOKEN_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "surprise": ("surprise me", "a surprise", "anything"),
    "again": ("again", "tell it again", "one more time"),
    "next": ("what happens next", "and then", "go on"),
}


class SpeechToText(Protocol):
    async def recognize(self, pcm: bytes) -> Recognition | None: ...

    async def close(self) -> None: ...


class UtteranceSource(Protocol):
    async def record_utterance(self, limit: float) -> bytes: ...


class VoiceInput:
    """`trouble` holds the reason why nothing can be recognized, a line for adults."""

    def __init__(
        self,
        open_recognizer: Callable[[], Awaitable[SpeechToText]],
        open_microphone: Callable[[], Awaitable[UtteranceSource]],
    ) -> None:
        self.trouble = ""
        self._open_recognizer, self._open_microphone = open_recognizer, open_microphone
        self._opening: asyncio.Task[tuple[UtteranceSource, SpeechToText]] | None = None

    def open(self) -> None:
        """Start to open both in the background. An attempt that failed is repeated."""
        if self._opening is None or (self._opening.done() and _failed(self._opening)):
            self._opening = asyncio.create_task(self._open_both())

    async def listen(self) -> Recognition | None:
        """Record an utterance and recognize the wish in it; None if it is not understood. Raises
        NotReady if the microphone or the recogniser cannot be used."""
        self.open()
        assert self._opening is not None
        try:
            async with asyncio.timeout(RECOGNIZER_OPEN_TIMEOUT):
                microphone, recognizer = await asyncio.shield(self._opening)
            recognition = await recognizer.recognize(
                await microphone.record_utterance(UTTERANCE_LIMIT)
            )
        except TimeoutError:
            not_yet = NotReady(_("no microphone is there yet"), _("try again"))
            self.trouble = str(not_yet)
            raise not_yet from None
        except NotReady as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return recognition

    async def close(self) -> None:
        if self._opening is None:
            return
        self._opening.cancel()
        await asyncio.wait({self._opening})
        if not self._opening.cancelled() and self._opening.exception() is None:
            await self._opening.result()[1].close()

    async def _open_both(self) -> tuple[UtteranceSource, SpeechToText]:
        try:
            microphone = await self._open_microphone()
            recognizer = await self._open_recognizer()
        except NotReady as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return microphone, recognizer


def _failed(opening: asyncio.Task[tuple[UtteranceSource, SpeechToText]]) -> bool:
    return opening.cancelled() or opening.exception() is not None
