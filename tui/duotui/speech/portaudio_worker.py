"""The program that plays by PortAudio: `python -m duotui.speech.portaudio_worker RATE`, a child of
audio_output.py, since PortAudio and what is below it write on the terminal.

It reads 16-bit mono until its stdin ends, plays it, and prints how many seconds of it were heard,
a line each, until all were. Where it cannot, its last line on stderr is why. Without sound it only
opens the sound card. It needs the package sounddevice, which is optional.
"""

import importlib
import sys
import time
from typing import Any

REPORT_INTERVAL = 0.02
"""Seconds between two lines."""


class Playback:
    """`pcm` as PortAudio takes it: `fill` is called in a thread of its, which must not wait."""

    def __init__(self, pcm: bytes, rate: int) -> None:
        self._pcm, self._rate = pcm, rate
        self._handed = 0
        self._last = (0, time.monotonic())

    def fill(self, out: Any, frames: int, _when: Any, _status: Any) -> None:  # noqa: ANN401
        piece = self._pcm[2 * self._handed : 2 * (self._handed + frames)]
        out[:] = piece + bytes(2 * frames - len(piece))
        self._last = self._handed, time.monotonic()
        self._handed += frames

    def seconds_played(self, latency: float) -> float:
        """Seconds that have left the loudspeaker: those handed over `latency` ago."""
        before, since = self._last
        at = min(before / self._rate + time.monotonic() - since, self._handed / self._rate)
        return min(max(0.0, at - latency), len(self._pcm) / 2 / self._rate)


def play(pcm: bytes, rate: int) -> None:
    sounddevice = importlib.import_module("sounddevice")
    playing = Playback(pcm, rate)
    with sounddevice.RawOutputStream(
        samplerate=rate, channels=1, dtype="int16", latency="low", callback=playing.fill
    ) as stream:
        length = len(pcm) / 2 / rate
        played = 0.0
        while played < length:
            played = playing.seconds_played(stream.latency)
            print(f"{played:.4f}", flush=True)
            time.sleep(REPORT_INTERVAL)


def main() -> None:
    pcm = sys.stdin.buffer.read()
    try:
        play(pcm[: len(pcm) // 2 * 2], int(sys.argv[1]))
    except BrokenPipeError:
        sys.exit(1)  # who listened is gone
    except ImportError:
        sys.exit("the package sounddevice is not installed")
    except Exception as error:  # PortAudio's own, whose class cannot be named without it
        sys.exit(" ".join(str(error).split()) or type(error).__name__)


if __name__ == "__main__":
    main()
