"""A microphone and an ear, opened when they are first needed.

The microphone does not listen while the machine speaks: the hour does one thing at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from duotui.base.errors import NotReady
from duotui.speech.recognizer import Recognition

UTTERANCE_LIMIT = 12.0
"""Seconds that a child may speak."""

RECOGNIZER_CLOSE_TIMEOUT = 10.0
"""Seconds that a child waits for a microphone that is not found yet."""

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
    """`trouble` says in one line, for grown-ups, why nothing can be heard."""

    def __init__(
        self,
        open_ear: Callable[[], Awaitable[SpeechToText]],
        open_microphone: Callable[[], Awaitable[UtteranceSource]],
    ) -> None:
        self.trouble = ""
        self._open_ear, self._open_microphone = open_ear, open_microphone
        self._opening: asyncio.Task[tuple[UtteranceSource, SpeechToText]] | None = None

    def open(self) -> None:
        """Begin to; to be ready when it is needed."""
        if self._opening is None or (self._opening.done() and _failed(self._opening)):
            self._opening = asyncio.create_task(self._both())

    async def listen(self) -> Recognition | None:
        """What a child wishes, from now on; None where it is not understood. Raises NotReady where
        nothing can be heard."""
        self.open()
        assert self._opening is not None
        try:
            async with asyncio.timeout(RECOGNIZER_CLOSE_TIMEOUT):
                microphone, ear = await asyncio.shield(self._opening)
            heard = await ear.recognize(await microphone.record_utterance(UTTERANCE_LIMIT))
        except TimeoutError:
            self.trouble = "no microphone is there yet; try again"
            raise NotReady("no microphone is there yet", "try again") from None
        except NotReady as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return heard

    async def close(self) -> None:
        if self._opening is None:
            return
        self._opening.cancel()
        await asyncio.wait({self._opening})
        if not self._opening.cancelled() and self._opening.exception() is None:
            await self._opening.result()[1].close()

    async def _both(self) -> tuple[UtteranceSource, SpeechToText]:
        try:
            microphone = await self._open_microphone()
            ear = await self._open_ear()
        except NotReady as error:
            self.trouble = str(error)
            raise
        self.trouble = ""
        return microphone, ear


def _failed(opening: asyncio.Task[tuple[UtteranceSource, SpeechToText]]) -> bool:
    return opening.cancelled() or opening.exception() is not None
