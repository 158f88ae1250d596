"""espeak-ng without duotui around it: lines of text into sound, for the speech tests.

Earlier sentences change a pause, so each call runs in a new process. It calls the library as
espeak-ng's own program does.
"""

from __future__ import annotations

import ctypes
import functools
import json
import subprocess
import sys
from typing import Any

import pytest

from duotui.speech.espeak_worker import BUFFER_MS, WORD_GAP, EspeakUnavailable, load_library

ESPEAK_RATE = 22050
"""Samples a second of every voice in these tests."""


@functools.cache
def available() -> bool:
    try:
        load_library()
    except EspeakUnavailable:
        return False
    return True


def need_espeak() -> None:
    if not available():
        pytest.skip("espeak-ng is missing: pip install espeakng-loader")


def synthesise(
    *lines: str, voice: str = "en-us", rate: int = 175, pitch: int = 50, gap: int = 0
) -> bytes:
    """Synthesize 16-bit mono PCM. rate in words a minute, pitch 0 to 99, gap in 10 ms."""
    request = json.dumps({"lines": lines, "voice": voice, "rate": rate, "pitch": pitch, "gap": gap})
    return subprocess.run(
        [sys.executable, __file__], input=request.encode(), capture_output=True, check=True
    ).stdout


def _choose(library: Any, voice: bytes) -> None:
    """Choose the voice of that name, or else of that language."""
    if library.SetVoiceByName(voice):
        (name,) = [v.name for v in library.ListVoices(None) if v.languages[1:] == voice]
        assert library.SetVoiceByName(name) == 0, voice


def _main() -> None:
    request = json.load(sys.stdin)
    library, data = load_library()
    rate = library.Initialize(library.AUDIO_OUTPUT_RETRIEVAL, BUFFER_MS, data, 1 << 15)
    assert rate == ESPEAK_RATE, rate
    sound = bytearray()

    def synthesised(samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, 2 * count))
        return 0

    library.SetSynthCallback(synthesised)
    _choose(library, request["voice"].encode())
    for name, parameter in (
        ("rate", library.RATE),
        ("pitch", library.PITCH),
        ("gap", WORD_GAP),
    ):
        library.SetParameter(parameter, request[name])
    for line in request["lines"]:
        library.Synth(line.encode(), flags=library.CHARS_UTF8 | library.ENDPAUSE)
        library.Synchronize()
    sys.stdout.buffer.write(sound)


if __name__ == "__main__":
    _main()
