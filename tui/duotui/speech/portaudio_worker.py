"""The program that plays by PortAudio: `python -m duotui.speech.portaudio_worker RATE`.

It is a child of audio_output.py, since PortAudio and the libraries below it write on the terminal.
It reads 16-bit mono until its stdin ends, plays it, and prints the seconds played, a line each, to
the end. If it fails, the last line of its stderr is the reason. Without sound it only opens the
sound card. It needs the package sounddevice, which is optional.
"""

import importlib
import sys
import time
from typing import Any

REPORT_INTERVAL = 0.02
"""Seconds between two lines."""


class Playback:
    """Playback of `pcm`. PortAudio calls `fill` in a thread of its own, which must not block."""

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
        """Return the seconds that have left the loudspeaker: those handed over `latency` ago."""
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
        sys.exit(1)  # the parent has ended
    except ImportError:
        sys.exit("the package sounddevice is not installed")
    except Exception as error:  # PortAudio's own, whose class cannot be named without it
        sys.exit(" ".join(str(error).split()) or type(error).__name__)


if __name__ == "__main__":
    main()
