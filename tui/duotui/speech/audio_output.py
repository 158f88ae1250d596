"""Playback of PCM, and its position.

An AudioOutput plays one sentence at a time, and never raises if there is no sound card. It then
waits as long as the sentence would last, so that a story goes on, and `trouble` is the reason. A
child process plays: a sound library writes on the terminal, and ending a process stops its sound at
once.
"""

import asyncio
import contextlib
import importlib.util
import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from duotui.base.child_process import ChildFailed, ChildProcess, python_module, run_program
from duotui.base.clock import Clock
from duotui.base.errors import UsageError
from duotui.base.oscompat import by_system
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

_PIP = N_("pip install 'duotui[sound]'")
AUDIO_HINT = by_system(
    linux=N_("sudo apt install alsa-utils"), macos=_PIP, windows=_PIP.replace("'", '"')
)

PLAYBACK_RATE = 22050
"""Sample rate of espeak in Hz."""

PLAYER_DELAY = 0.1
"""Seconds from the start of aplay to its first sound: an estimate, since aplay does not report
it."""

PROBE_TIMEOUT = 3.0
"""Seconds that a sound card may take to open."""

LATE_AFTER = 5.0
"""Seconds after the end of the sound until a player that still runs is ended."""


class AudioOutput(Protocol):
    trouble: str

    async def play(self, pcm: bytes, rate: int, begun: Callable[[], None]) -> None:
        """Play 16-bit mono to its end; `begun` is called at its first sound. Cancelling the task
        stops the sound at once."""
        ...

    def position(self) -> float:
        """Return the seconds that were played of the current sound; 0 without one."""
        ...

    async def close(self) -> None: ...


class SilentOutput:
    """Output without sound, as long as the sound would last."""

    def __init__(self, clock: Clock, trouble: str = "") -> None:
        self.trouble = trouble
        self._clock = clock
        self._since: float | None = None

    async def play(self, pcm: bytes, rate: int, begun: Callable[[], None]) -> None:
        self._since = self._clock.now()
        try:
            begun()
            await asyncio.sleep(len(pcm) / 2 / rate)
        finally:
            self._since = None

    def position(self) -> float:
        return 0.0 if self._since is None else self._clock.now() - self._since

    async def close(self) -> None:
        """Nothing to close."""


class WavOutput:
    """Silent output that writes the sound to a WAV file at the time of its playback: seconds of the
    file are seconds since it was opened. Raises UsageError if it cannot be written."""

    trouble = ""

    def __init__(self, path: Path, clock: Clock, rate: int = PLAYBACK_RATE) -> None:
        self.began = clock.now()
        self._path, self._clock, self._rate = path, clock, rate
        self._quiet = SilentOutput(clock)
        self._written = 0
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise UsageError(
                _("{path} cannot be written", path=path), str(error.strerror)
            ) from error
        self._wave = wave.open(self._file, "wb")  # noqa: SIM115 - closed by close
        self._wave.setparams((1, 2, rate, 0, "NONE", "not compressed"))

    async def play(self, pcm: bytes, rate: int, begun: Callable[[], None]) -> None:
        """Play and write `pcm`. Raises ValueError if `rate` is not the file's."""
        if rate != self._rate:
            raise ValueError(f"{rate} Hz in a file of {self._rate} Hz")
        since = self._clock.now()
        complete = False
        try:
            await self._quiet.play(pcm, rate, begun)
            complete = True
        finally:
            played = len(pcm) // 2 if complete else self._frames(self._clock.now() - since)
            silence = self._frames(since - self.began) - self._written
            self._write(bytes(2 * max(0, silence)) + pcm[: 2 * played])

    def position(self) -> float:
        return self._quiet.position()

    async def close(self) -> None:
        try:
            self._wave.close()
            self._file.close()
        except OSError as error:
            self._failed(error)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._rate)

    def _write(self, pcm: bytes) -> None:
        try:
            self._wave.writeframes(pcm)
        except OSError as error:
            self._failed(error)
        self._written += len(pcm) // 2

    def _failed(self, error: OSError) -> None:
        self.trouble = _(
            "{path} cannot be written: {reason}", path=self._path, reason=_(str(error.strerror))
        )


@dataclass(frozen=True, slots=True)
class PlayerProgram:
    """Program that plays 16-bit mono of {rate} Hz from its stdin, and ends after the last sound. It
    may print the seconds played, a line each. Otherwise `delay` is the seconds from its start to
    its first sound. `early` allows its start before its sound exists."""

    name: str
    command: tuple[str, ...]
    delay: float | None = None
    early: bool = False

    def at(self, rate: int) -> tuple[str, ...]:
        return tuple(word.replace("{rate}", str(rate)) for word in self.command)


SOUNDDEVICE = PlayerProgram(
    "sounddevice", python_module("duotui.speech.portaudio_worker", "{rate}"), early=True
)
APLAY = PlayerProgram(
    "aplay", ("aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}"), PLAYER_DELAY
)


class SubprocessOutput:
    """Output by a `program`, a process for each sentence."""

    def __init__(self, clock: Clock, program: PlayerProgram) -> None:
        self.trouble = ""
        self._clock, self._program = clock, program
        self._spare: tuple[int, ChildProcess] | None = None
        self._length = 0.0
        self._last_position: tuple[float, float] | None = None  # seconds, and the time then

    async def play(self, pcm: bytes, rate: int, begun: Callable[[], None]) -> None:
        self._length = len(pcm) / 2 / rate
        child: ChildProcess | None = None
        try:
            child = await self._waiting_child(rate)
            await self._feed(child, pcm, rate, begun)
            self.trouble = ""
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            reason = " ".join(str(error).split()) or _("it does not end")
            self.trouble = _("{name} cannot play: {reason}", name=self._program.name, reason=reason)
            if self._last_position is None:
                self._set_position(0.0, begun)
            await asyncio.sleep(self._length - self.position())
        finally:
            self._last_position = None
            if child is not None:
                await child.end()

    def position(self) -> float:
        if self._last_position is None:
            return 0.0
        seconds, when = self._last_position
        return min(seconds + self._clock.now() - when, self._length)

    async def close(self) -> None:
        if self._spare is not None:
            _, child = self._spare
            self._spare = None
            await child.end()

    async def _feed(
        self, child: ChildProcess, pcm: bytes, rate: int, begun: Callable[[], None]
    ) -> None:
        """Play `pcm` to its end. Raises EOFError if the child fails, TimeoutError if it does not
        end, ValueError if it prints something else."""
        child.write_last(pcm)
        if self._program.early:
            self._spare = rate, await self._start(rate)
        async with asyncio.timeout(self._length + LATE_AFTER):
            reported = await self._follow(child, begun)
            complaint = await child.complaint()
        if await child.wait():
            raise EOFError(complaint)
        if not reported:
            self._set_position(0.0, begun)

    async def _follow(self, child: ChildProcess, begun: Callable[[], None]) -> bool:
        """Follow the program's reports, or its known delay. Return True if any sound was played."""
        if self._program.delay is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), self._program.delay)
                return False
            self._set_position(0.0, begun)
        async for line in child.stdout:
            if float(line) > 0.0:
                self._set_position(float(line), begun)
        return self._last_position is not None

    def _set_position(self, seconds: float, begun: Callable[[], None]) -> None:
        first = self._last_position is None
        self._last_position = seconds, self._clock.now()
        if first:
            begun()

    async def _waiting_child(self, rate: int) -> ChildProcess:
        """Return a child that waits for its sound: the spare one, or a new one."""
        if self._spare is not None:
            spare_rate, child = self._spare
            self._spare = None
            if spare_rate == rate:
                return child
            await child.end()
        return await self._start(rate)

    async def _start(self, rate: int) -> ChildProcess:
        return await ChildProcess.start(self._program.at(rate))


def open_output(clock: Clock) -> AudioOutput:
    """Return the best output that works. It tries the sound card, which blocks for some tenths of a
    second: call it before a screen opens, or in a thread."""
    programs = [SOUNDDEVICE] if importlib.util.find_spec("sounddevice") else []
    programs += [APLAY] if shutil.which(APLAY.command[0]) else []
    if not programs:
        return SilentOutput(clock, _("nothing here plays sound; {hint}", hint=_(AUDIO_HINT)))
    failures = {program.name: _playback_failure(program) for program in programs}
    for program in programs:
        if not failures[program.name]:
            return SubprocessOutput(clock, program)
    return SilentOutput(
        clock,
        _(
            "no sound card was found ({reasons})",
            reasons="; ".join(map(": ".join, failures.items())),
        ),
    )


def _playback_failure(program: PlayerProgram) -> str:
    """Return the reason why `program` cannot play, tried without any sound; "" if it can."""
    try:
        run_program(program.at(PLAYBACK_RATE), stdin="", timeout=PROBE_TIMEOUT)
    except ChildFailed as error:
        return str(error) or _("exit status {status}", status=error.status)
    except subprocess.TimeoutExpired:
        return _("did not open it within {seconds:g} s", seconds=PROBE_TIMEOUT)
    except OSError as error:
        return str(error.strerror)
    return ""
