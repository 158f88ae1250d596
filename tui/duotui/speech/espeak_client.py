"""Speech synthesis by espeak in a child process (espeak_worker.py), with word marks.

espeak may speak two words as one and report one of them. The span of a mark then reaches to the
next mark, so that no word is unmarked.
"""

import asyncio
import bisect
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from duotui.base.child_process import ChildProcess, python_module
from duotui.base.errors import NotReady, UsageError
from duotui.base.oscompat import by_system
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.protocol.tokens import WordMark

REPLY_TIMEOUT = 10.0
"""Seconds to wait for a child's reply; a sentence takes 0.02."""

ESPEAK_CLOSE_TIMEOUT = 0.3
"""Seconds a child has to end by itself."""

ATTEMPTS = 2

LARGEST_REPLY = 64 << 20
"""Most bytes of sound, or of a line, in a valid reply."""

WORKER_TROUBLES = (
    N_("espeak-ng is not installed"),
    N_("espeak-ng has no voices: its data is not where it looks for it"),
    N_("espeak-ng cannot say this"),
)
"""What the child process says of its library; after the first two an installation helps."""

ESPEAK_HINT = by_system(
    linux=N_("sudo apt install libespeak-ng1, or pip install espeakng-loader"),
    macos=N_("brew install espeak-ng"),
    windows=N_("install eSpeak NG in its usual folder, C:/Program Files/eSpeak NG"),
)

_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """Voice with espeak's `name`. `pace` is in words a minute. `volume` and `pitch` are from 0 to
    1; 0.5 is the voice's own pitch. Raises UsageError if one is out of range."""

    name: str = "en-us"
    pace: float = 100.0
    volume: float = 1.0
    pitch: float = 0.5

    def __post_init__(self) -> None:
        if not 20 <= self.pace <= 600:
            raise UsageError(
                _("a pace of {pace:g} words a minute", pace=self.pace), _("20 to 600 can be said")
            )
        if not 0 <= self.volume <= 1:
            raise UsageError(
                _("a volume of {volume:g}", volume=self.volume), _("0 is silence, 1 is loudest")
            )
        if not 0 <= self.pitch <= 1:
            raise UsageError(
                _("a pitch of {pitch:g}", pitch=self.pitch), _("0 is lowest, 1 is highest")
            )


@dataclass(frozen=True, slots=True)
class SynthesizedSpeech:
    """Sound in 16-bit mono at `rate` Hz. The times of `marks` and `length` are seconds from its
    first sample; the final silence is part of it."""

    pcm: bytes
    rate: int
    marks: tuple[WordMark, ...]
    length: float


class EspeakClient:
    """`command` starts the child, with `environment` added to its environment. `trouble` is the
    reason why the last sentence has no sound, or ""."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        patience: float = REPLY_TIMEOUT,
        command: tuple[str, ...] = python_module("duotui.speech.espeak_worker"),
    ) -> None:
        self.trouble = ""
        self._environment = environment
        self._patience = patience
        self._command = command
        self._child: ChildProcess | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def synthesize(self, text: str, voice: EspeakVoice) -> SynthesizedSpeech:
        """Return the sound of `text`. The caller may be cancelled. Raises NotReady if there is no
        sound."""
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
            raise self._failed(_("espeak's answer cannot be understood")) from error

    async def voices(self) -> list[tuple[str, str]]:
        """Return the name and the language of each voice. Raises NotReady."""
        reply, _blob = await self._answer({"voices": True})
        try:
            return [(str(name), str(language)) for name, language in reply["voices"]]
        except (KeyError, TypeError, ValueError) as error:
            raise self._failed(_("espeak's answer cannot be understood")) from error

    async def close(self) -> None:
        """End the child within a second. Later requests raise NotReady."""
        self._closed = True
        await self._end(ESPEAK_CLOSE_TIMEOUT)

    async def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        async with self._lock:
            if self._closed:
                raise NotReady(self.trouble)
            reply, pcm = await self._attempt(request)
        if "trouble" in reply:
            raise self._failed(str(reply["trouble"]))
        self.trouble = ""
        return reply, pcm

    async def _attempt(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send the request, and once more to a new child if the first one fails."""
        hung = False
        for _attempt in range(ATTEMPTS):
            if self._closed:
                break
            try:
                async with asyncio.timeout(self._patience):
                    return await self._exchange(request)
            except TimeoutError:
                hung = True
                await self._end()
                self.trouble = _(
                    "espeak did not answer for {patience:g} s", patience=self._patience
                )
            except (OSError, EOFError, ValueError) as error:
                hung = False
                self.trouble = _(
                    "espeak ended: {reason}",
                    reason=await self._end() or error or _("without a word"),
                )
            except BaseException:
                await self._end()  # its answer may still arrive, and belongs to no request
                raise
        # a crash may be this sentence's fault, but a child that hangs delays every sentence
        self._closed = self._closed or hung
        raise NotReady(self.trouble)

    async def _exchange(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send the request and read the reply. Raises OSError, EOFError or ValueError if the child
        fails."""
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
        """End the child, by force after `patience` seconds; return the last line of its stderr."""
        child, self._child = self._child, None
        return "" if child is None else await child.end(patience)

    def _failed(self, trouble: str) -> NotReady:
        is_missing = trouble in WORKER_TROUBLES[:2]
        self.trouble = _(trouble)
        return NotReady(self.trouble, _(ESPEAK_HINT) if is_missing else "")


def word_marks(text: str, begins: Iterable[tuple[float, int]]) -> tuple[WordMark, ...]:
    """Return the marks of `text` from the start of words, in seconds and in characters. Each mark
    reaches to the last word before the next one, so that every word is in one. A start inside a
    marked word, or before it, is ignored: espeak reports 3.5 three times."""
    words = [match.span() for match in _TOKEN.finditer(text)]
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
