"""Sound made of text by espeak, in a child process (espeak_worker.py), and when each word begins in
it.

Where espeak tells of some words only (it may say two as one), the span of a mark reaches to the
next mark: between two marks nothing is unmarked.
"""

import asyncio
import bisect
import math
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from duotui.base.child_process import ChildProcess
from duotui.base.errors import NotReady, UsageError
from duotui.base.oscompat import by_system
from duotui.protocol.tokens import WordMark

REPLY_TIMEOUT = 10.0
"""Seconds until a child that does not answer is given up; a sentence takes it 0.02."""

ESPEAK_CLOSE_TIMEOUT = 0.3
"""Seconds a child has to end by itself."""

ATTEMPTS = 2

LARGEST_REPLY = 64 << 20
"""Bytes of sound, or of a line, that are believed."""

ESPEAK_HINT = by_system(
    linux="sudo apt install libespeak-ng1, or pip install espeakng-loader",
    macos="brew install espeak-ng",
    windows="install eSpeak NG in its usual folder, C:/Program Files/eSpeak NG",
)

_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """`name` as espeak knows it. `pace` is in words a minute, `volume` from 0 to 1, `pitch` too:
    0.5 is the voice's own. Raises UsageError where they are out of range."""

    name: str = "en-us"
    pace: float = 100.0
    volume: float = 1.0
    pitch: float = 0.5

    def __post_init__(self) -> None:
        if not 20 <= self.pace <= 600:
            raise UsageError(f"a pace of {self.pace:g} words a minute", "20 to 600 can be said")
        if not 0 <= self.volume <= 1:
            raise UsageError(f"a volume of {self.volume:g}", "0 is silence, 1 is loudest")
        if not 0 <= self.pitch <= 1:
            raise UsageError(f"a pitch of {self.pitch:g}", "0 is lowest, 1 is highest")


@dataclass(frozen=True, slots=True)
class SynthesizedSpeech:
    """16-bit mono at `rate` Hz. The times of `marks` and `length` are seconds from its first
    sample; the silence that ends it is part of it."""

    pcm: bytes
    rate: int
    marks: tuple[WordMark, ...]
    length: float


class EspeakClient:
    """`command` is the child, `environment` what is added to its environment. `trouble` is why the
    last sentence has no sound, "" where it has."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        patience: float = REPLY_TIMEOUT,
        command: tuple[str, ...] = (sys.executable, "-m", "duotui.speech.espeak_worker"),
    ) -> None:
        self.trouble = ""
        self._environment = environment
        self._patience = patience
        self._command = command
        self._child: ChildProcess | None = None
        self._one = asyncio.Lock()
        self._over = False

    async def synthesize(self, text: str, voice: EspeakVoice) -> SynthesizedSpeech:
        """Raises NotReady where there can be none; who waits may be cancelled."""
        reply, pcm = await self._answer(
            {
                "text": text,
                "voice": voice.name,
                "pace": voice.pace,
                "volume": voice.volume,
                "pitch": voice.pitch,
            }
        )
        try:
            rate = int(reply["rate"])
            marks = word_marks(text, ((at / 1000, start) for at, start in reply["words"]))
            return SynthesizedSpeech(pcm, rate, marks, len(pcm) / 2 / rate)
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise self._failed("espeak's answer cannot be understood") from error

    async def voices(self) -> list[tuple[str, str]]:
        """Name and language of each voice. Raises NotReady."""
        reply, _ = await self._answer({"voices": True})
        try:
            return [(str(name), str(language)) for name, language in reply["voices"]]
        except (KeyError, TypeError, ValueError) as error:
            raise self._failed("espeak's answer cannot be understood") from error

    async def close(self) -> None:
        """End the child within a second. Later requests raise NotReady."""
        self._over = True
        await self._end(ESPEAK_CLOSE_TIMEOUT)

    async def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        async with self._one:
            if self._over:
                raise NotReady(self.trouble)
            reply, pcm = await self._attempt(request)
        if "trouble" in reply:
            raise self._failed(str(reply["trouble"]))
        self.trouble = ""
        return reply, pcm

    async def _attempt(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Ask, and ask a new child once more where the first does not live to answer."""
        hung = False
        for _ in range(ATTEMPTS):
            if self._over:
                break
            try:
                async with asyncio.timeout(self._patience):
                    return await self._exchange(request)
            except TimeoutError:
                hung = True
                await self._end()
                self.trouble = f"espeak did not answer for {self._patience:g} s"
            except (OSError, EOFError, ValueError) as error:
                hung = False
                self.trouble = f"espeak ended: {await self._end() or error or 'without a word'}"
            except BaseException:
                await self._end()  # an answer that is on its way is nobody's
                raise
        # what kills it may be this sentence; but nobody waits for each of a story
        self._over = self._over or hung
        raise NotReady(self.trouble)

    async def _exchange(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Raises OSError, EOFError or ValueError where the child is not what it should be."""
        if self._child is None:
            self._child = await ChildProcess.start(
                self._command, environment=self._environment, line_limit=LARGEST_REPLY
            )
        await self._child.write_json(request)
        reply = await self._child.read_json()
        if not isinstance(reply, dict) or not 0 <= reply.get("size", 0) <= LARGEST_REPLY:
            raise ValueError("it answers something else")
        return reply, await self._child.stdout.readexactly(reply.get("size", 0))

    async def _end(self, patience: float = 0.0) -> str:
        """End the child, by force after `patience` seconds; the last line of its stderr."""
        child, self._child = self._child, None
        return "" if child is None else await child.end(patience)

    def _failed(self, trouble: str) -> NotReady:
        self.trouble = trouble
        return NotReady(trouble, ESPEAK_HINT if "installed" in trouble or "data" in trouble else "")


def word_marks(text: str, begins: Iterable[tuple[float, int]]) -> tuple[WordMark, ...]:
    """Marks of `text` from when words begin, in seconds, and where, in characters: each reaches
    to the last word before the next one, so that every word is in one. A time inside a word that
    is marked, or before it, is none of a word's: espeak tells of 3.5 thrice."""
    words = [found.span() for found in _TOKEN.finditer(text)]
    ends = [end for _, end in words]
    marked: list[tuple[float, int]] = []
    for at, start in begins:
        word = bisect.bisect_right(ends, start)
        if word == len(words) or not math.isfinite(at):
            continue
        if not marked:
            marked.append((at, 0))
        elif word > marked[-1][1] and at >= marked[-1][0]:
            marked.append((at, word))
    nexts = [word for _, word in marked[1:]] + [len(words)]
    return tuple(
        WordMark(at, words[word][0], words[after - 1][1])
        for (at, word), after in zip(marked, nexts, strict=False)
    )
