"""Recording of one utterance: PCM, one channel, 16 bit, SAMPLE_RATE samples a second.

A child process records, and writes PCM to its output. So nothing that it prints appears on the
screen, and nothing in it can hang the program. The caller ensures that the machine does not speak
meanwhile.
"""

import array
import asyncio
import contextlib
import sys
import wave
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from duotui.base.child_process import ChildProcess, python_module
from duotui.base.errors import NotReady, UsageError
from duotui.base.translation import gettext as _
from duotui.speech.noise_gate import without_noise
from duotui.speech.recognizer import FAINT_LEVEL, NO_POCKETSPHINX, SAMPLE_RATE, rms_level
from duotui.speech.resampling import resampled

ARECORD = ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(SAMPLE_RATE))
PORTAUDIO = python_module("duotui.speech.microphone")
"""Recorders of this computer, in order of preference."""

PROBE_BYTES, MICROPHONE_OPEN_TIMEOUT = 1024, 5.0
"""Bytes that prove a working microphone, and seconds to wait for them."""

_CHUNK = 4096

SILENCE_ENDS_AFTER = 0.9
"""Seconds of silence that end an utterance: a child thinks between words."""

ONSET, ONSET_WITHIN = 4, 0.5
"""Frames of speech that begin an utterance, and the seconds within which they come; a click has
fewer."""

LEAD_SECONDS = 0.1
"""Seconds kept before the first sound and after the last: with more, pocketsphinx finds words in
the noise."""

CONTEXT_SECONDS = 1.0
"""Seconds before and after these that contain the noise alone."""

FALL, FADE = 0.18, 0.99
"""Share of the loudest level below which a frame is no speech: other voices in the room are quieter
than the child. The loudest level decays by the factor FADE a frame."""


class VadSegmenter:
    """Detector of one utterance in PCM. `voiced` returns True if a frame of `frame` bytes is
    speech. PCM after `limit` seconds is ignored."""

    def __init__(self, limit: float, frame: int, voiced: Callable[[bytes], bool]) -> None:
        self._limit, self._frame, self._voiced = limit, frame, voiced
        self._seconds = frame / 2 / SAMPLE_RATE
        self._pcm = bytearray()
        self._frames = 0
        self._speech: list[tuple[int, float]] = []
        self._started = False
        self._loudest = 0.0

    def feed(self, pcm: bytes) -> bool:
        """Take `pcm`; return True if the utterance has ended."""
        self._pcm += pcm
        while not self._over() and len(self._pcm) >= (self._frames + 1) * self._frame:
            at = self._frames * self._frame
            self._follow(bytes(self._pcm[at : at + self._frame]))
        return self._over()

    def utterance(self) -> bytes:
        """Return the PCM from shortly before the first sound to shortly after the last, b"" without
        one."""
        if not self._started:
            return b""
        first, last = self._bounds()
        return bytes(self._pcm[first * self._frame : last * self._frame])

    def surroundings(self) -> bytes:
        """Return the PCM before and after the utterance."""
        if not self._started:
            return b""
        first, last = self._bounds()
        reach = round(CONTEXT_SECONDS / self._seconds)
        before = self._pcm[max(0, first - reach) * self._frame : first * self._frame]
        after = self._pcm[last * self._frame : min(last + reach, self._frames) * self._frame]
        return bytes(before + after)

    def _bounds(self) -> tuple[int, int]:
        """Return the first frame of the utterance, and the one after its last."""
        loudest = max(loud for _, loud in self._speech)
        loud_enough = [at for at, loud in self._speech if loud > FALL * loudest]
        lead = round(LEAD_SECONDS / self._seconds)
        return max(0, loud_enough[0] - lead), min(loud_enough[-1] + 1 + lead, self._frames)

    def _follow(self, frame: bytes) -> None:
        loud = rms_level(frame)
        self._loudest = max(loud, self._loudest * FADE)
        if self._voiced(frame) and loud > max(FAINT_LEVEL, FALL * self._loudest):
            self._speech.append((self._frames, loud))
        self._frames += 1
        if not self._started:
            recent = round(ONSET_WITHIN / self._seconds)
            self._speech = [one for one in self._speech if self._frames - one[0] < recent]
            self._started = len(self._speech) >= ONSET

    def _over(self) -> bool:
        if self._frames * self._seconds >= self._limit:
            return True
        pause = round(SILENCE_ENDS_AFTER / self._seconds)
        return self._started and self._frames - 1 - self._speech[-1][0] >= pause


def open_segmenter(limit: float) -> VadSegmenter:
    """Return a segmenter with pocketsphinx's voice activity detection. Raises NotReady without
    pocketsphinx or numpy."""
    without_noise(b"", b"")
    try:
        from pocketsphinx import Vad
    except ImportError as error:
        raise NotReady(*map(_, NO_POCKETSPHINX)) from error
    vad = Vad(Vad.MEDIUM_STRICT, SAMPLE_RATE)
    return VadSegmenter(limit, vad.frame_bytes, vad.is_speech)


class Microphone(Protocol):
    async def record_utterance(self, limit: float, begun: Callable[[], None] = ...) -> bytes:
        """Record one utterance, without the noise around it, until silence, `stop` or `limit`
        seconds; return b"" if there was none. `begun` is called when the microphone delivers sound.
        Raises NotReady if the microphone is lost."""
        ...

    def stop(self) -> None:
        """End the utterance now."""
        ...


class SegmentingMicrophone:
    """A microphone with a segmenter. `_audio` yields PCM as it arrives."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    async def record_utterance(
        self, limit: float, begun: Callable[[], None] = lambda: None
    ) -> bytes:
        self._stop.clear()
        segmenter = await asyncio.to_thread(open_segmenter, limit)
        following = asyncio.ensure_future(self._follow(segmenter, begun))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            # one more second, for a microphone that delivers no sound at all
            await asyncio.wait(
                (following, stopping), timeout=limit + 1, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (following, stopping):
                task.cancel()
            await asyncio.gather(following, stopping, return_exceptions=True)
        if not following.cancelled() and (error := following.exception()):
            raise error
        return await asyncio.to_thread(
            without_noise, segmenter.utterance(), segmenter.surroundings()
        )

    def stop(self) -> None:
        self._stop.set()

    async def _follow(self, segmenter: VadSegmenter, begun: Callable[[], None]) -> None:
        async with contextlib.aclosing(self._audio()) as sound:
            first = True
            async for pcm in sound:
                if first:
                    begun()
                first = False
                if segmenter.feed(pcm):
                    return

    def _audio(self) -> AsyncGenerator[bytes, None]:
        raise NotImplementedError


class SubprocessMicrophone(SegmentingMicrophone):
    """A microphone by a program that writes PCM to its output until it is killed."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__()
        self.command = tuple(command)

    async def _audio(self) -> AsyncGenerator[bytes, None]:
        try:
            child = await ChildProcess.start(self.command)
        except OSError as error:
            raise NotReady(
                _("{command} cannot be started", command=self.command[0]), str(error.strerror)
            ) from error
        child.write_last()
        try:
            while pcm := await child.stdout.read(_CHUNK):
                yield pcm
        finally:
            await child.end()
        raise NotReady(_("the microphone was lost"), _("plug it in again"))

    async def works(self) -> bool:
        """Return True if the microphone delivers sound."""
        received = 0
        with contextlib.suppress(NotReady, TimeoutError):
            async with (
                asyncio.timeout(MICROPHONE_OPEN_TIMEOUT),
                contextlib.aclosing(self._audio()) as sound,
            ):
                async for pcm in sound:
                    received += len(pcm)
                    if received >= PROBE_BYTES:
                        break
        return received >= PROBE_BYTES


class WavMicrophone(SegmentingMicrophone):
    """A microphone that plays the first channel of a WAV file of 16 bit, for tests and
    demonstrations. Raises UsageError for any other file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            with wave.open(str(path)) as file:
                if file.getsampwidth() != 2:
                    raise UsageError(
                        _("{path} does not have 16 bit", path=path), _("convert it to 16 bit PCM")
                    )
                samples = array.array("h", file.readframes(file.getnframes()))
                first = samples[:: file.getnchannels()].tobytes()
                self._pcm = resampled(first, file.getframerate(), SAMPLE_RATE)
        except OSError as error:
            raise UsageError(_("{path} cannot be read", path=path), str(error.strerror)) from error
        except (wave.Error, EOFError, ValueError) as error:
            raise UsageError(_("{path} is not a WAV file", path=path), str(error)) from error

    async def _audio(self) -> AsyncGenerator[bytes, None]:
        for at in range(0, len(self._pcm), _CHUNK):
            yield self._pcm[at : at + _CHUNK]
            await asyncio.sleep(0)


async def open_microphone() -> Microphone:
    """Return the first recorder of this computer that delivers sound. Raises NotReady if there is
    none, or without pocketsphinx or numpy."""
    await asyncio.to_thread(open_segmenter, 1.0)
    for command in (ARECORD, PORTAUDIO):
        microphone = SubprocessMicrophone(command)
        if await microphone.works():
            return microphone
    raise NotReady(_("no microphone was found"), _("plug one in, and let this program use it"))


def _record() -> None:
    """Record by PortAudio's default microphone, in the child, until it is killed."""
    import sounddevice

    with sounddevice.RawInputStream(samplerate=SAMPLE_RATE, channels=1, dtype="int16") as stream:
        while True:
            pcm, _ = stream.read(SAMPLE_RATE // 50)
            sys.stdout.buffer.write(pcm)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    _record()
