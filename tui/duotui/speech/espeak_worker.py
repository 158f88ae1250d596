"""The program that synthesizes speech: `python -m duotui.speech.espeak_worker`.

It alone loads espeak, through pyttsx3's ctypes layer: a library that crashes, hangs or writes on
the terminal does so here. A request is a line of JSON on stdin, a reply a line of JSON on stdout. A
reply with "size" precedes as many bytes of sound, 16-bit mono in this computer's byte order.

    REQUEST => REPLY
    {"voices": true}
    => {"voices": [[name, language], ...]}
    {"text": ..., "voice": ..., "pace": ..., "volume": ..., "pitch": ...}
    => {"rate": Hz, "size": bytes, "words": [[ms, start], ...]}, then the sound
    => {"trouble": the reason, in one line} on an error

It ends with its stdin. Without the library, that error is its reply to every request.
"""

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

BUFFER_MS = 200
"""Milliseconds of sound that espeak delivers at a time."""

SLOWEST, FASTEST = 80, 450
"""Limits of espeak's rate, in its own words a minute."""

STORY_PACE_FACTOR = 1.45
"""Words of a children's story in the time of one of espeak's own, which are longer: measured by
tests/bench/marks.py."""

GAP_SECONDS = 0.030
"""Seconds that each step of espeak's word gap adds to a word at the slowest rate."""

WORD_GAP = 7
"""espeakWORDGAP of speak_lib.h, which pyttsx3 does not name."""

DATA_VARIABLE = "ESPEAK_DATA_PATH"
"""Environment variable with the folder of espeak-ng's data."""

WORD_JOINER = "\u2060"


class EspeakUnavailable(Exception):
    """Error without sound; its message is the reason in one line."""


def load_library() -> tuple[Any, bytes | None]:
    """Return pyttsx3's binding of espeak-ng, and the path of its data (None: the library's own).

    The system's library comes first, then that of the package espeakng-loader. Raises
    EspeakUnavailable if there is neither.
    """
    try:
        return _binding(), None
    except _NO_LIBRARY as error:
        missing = error
    try:
        import espeakng_loader

        # its soname is the one that the binding loads: once loaded, that name finds it
        ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
        data = None if DATA_VARIABLE in os.environ else os.fsencode(espeakng_loader.get_data_path())
        return _binding(), data
    except _NO_LIBRARY:
        raise EspeakUnavailable("espeak-ng is not installed") from missing


_NO_LIBRARY = (ImportError, OSError, RuntimeError, AttributeError)


def _binding() -> Any:  # noqa: ANN401 - a module without types
    from pyttsx3.drivers import _espeak

    return _espeak


class EspeakLibrary:
    """Binding of espeak-ng. Raises EspeakUnavailable without the library or its data."""

    def __init__(self) -> None:
        library, data = load_library()
        self._library: Any = library
        # option bit 15: a library without its data must not end the process
        self.rate = library.Initialize(library.AUDIO_OUTPUT_RETRIEVAL, BUFFER_MS, data, 1 << 15)
        if self.rate <= 0:
            raise EspeakUnavailable(
                "espeak-ng has no voices: its data is not where it looks for it"
            )
        self._sound = bytearray()
        self._words: list[tuple[int, int]] = []
        library.SetSynthCallback(self._on_sound)

    def voices(self) -> list[tuple[str, str]]:
        """Return the name and the language of each; the language's first byte is its priority."""
        return [
            (_text(voice.name), _text(voice.languages[1:].split(b"\0")[0]))
            for voice in self._library.ListVoices(None)
        ]

    def synthesize(
        self, text: str, voice: str, pace: float, volume: float, pitch: float
    ) -> tuple[bytes, list[tuple[int, int]]]:
        """Return the sound of `text`, and the start of each word that espeak reports, in
        milliseconds and in characters of `text`. Raises EspeakUnavailable."""
        library = self._library
        self._select_voice(voice)
        rate, gap = speed(pace)
        library.SetParameter(library.RATE, rate)
        library.SetParameter(WORD_GAP, gap)
        library.SetParameter(library.VOLUME, round(100 * volume))
        library.SetParameter(library.PITCH, round(100 * pitch))
        self._sound.clear()
        self._words.clear()
        spoken, where = with_joiners(without_commands(text))
        if any(character.isprintable() and character != " " for character in text):
            flags = library.CHARS_UTF8 | library.ENDPAUSE  # no SSML, no phonemes: all is text
            if library.Synth(spoken, flags=flags) or library.Synchronize():
                raise EspeakUnavailable("espeak-ng cannot say this")
        words = [(begins, where[at]) for begins, at in self._words if 0 <= at < len(where)]
        return bytes(self._sound), words

    def _select_voice(self, voice: str) -> None:
        """Choose a voice by its name, or by its language. Raises EspeakUnavailable."""
        if voice and self._set_voice(voice):
            return
        if any(self._set_voice(name) for name, language in self.voices() if language == voice):
            return
        raise EspeakUnavailable(f"espeak-ng has no voice named {voice!r}")

    def _set_voice(self, name: str) -> bool:
        status: int = self._library.SetVoiceByName(name.encode(errors="replace"))
        return status == 0

    def _on_sound(self, sound: Any, samples: int, events: Any) -> int:  # noqa: ANN401
        if sound and samples > 0:
            self._sound += ctypes.string_at(sound, 2 * samples)
        for event in self._event_list(events):
            if event.type == self._library.EVENT_WORD:
                # text_position counts characters from 1
                self._words.append((event.audio_position, event.text_position - 1))
        return 0

    def _event_list(self, events: Any) -> Iterator[Any]:  # noqa: ANN401
        at = 0
        while events[at].type != self._library.EVENT_LIST_TERMINATED:
            yield events[at]
            at += 1


def speed(pace: float) -> tuple[int, int]:
    """Return espeak's rate and its word gap for `pace` story words a minute. No rate of espeak is
    slow enough for a beginning reader, so the rest is silence between words."""
    rate = min(max(round(pace / STORY_PACE_FACTOR), SLOWEST), FASTEST)
    late = 60.0 / pace - 60.0 / (SLOWEST * STORY_PACE_FACTOR)
    return rate, max(0, round(late / GAP_SECONDS))


def without_commands(text: str) -> str:
    """Return `text` with a space for each control character, which begins a command of espeak, and
    for each surrogate, which has no UTF-8."""
    return "".join(
        " "
        if character < " " or "\x7f" <= character < "\xa0" or "\ud800" <= character < "\ue000"
        else character
        for character in text
    )


def with_joiners(text: str) -> tuple[str, list[int]]:
    """Return `text` with a joiner after each word, and the index in `text` of each character of it.

    espeak speaks pairs like "in the" and "had been" as one word. It reports one of them, or the
    second in the middle of the first. The silent joiner keeps them apart. After a comma it would
    remove the pause.
    """
    spoken, where = [], []
    for at, character in enumerate(text):
        if character.isspace() and at and text[at - 1].isalnum():
            spoken.append(WORD_JOINER)
            where.append(at)
        spoken.append(character)
        where.append(at)
    return "".join(spoken), where


def _text(name: bytes | None) -> str:
    return (name or b"").decode(errors="replace")


def answer(espeak: EspeakLibrary | str, line: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer one line: return the reply, and the sound that follows it."""
    if isinstance(espeak, str):
        return {"trouble": espeak}, b""
    try:
        request = json.loads(line)
        if request.pop("voices", False):
            return {"voices": espeak.voices()}, b""
        sound, words = espeak.synthesize(**request)
    except EspeakUnavailable as trouble:
        return {"trouble": str(trouble)}, b""
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        return {"trouble": " ".join(f"not a question: {error}".split())}, b""
    return {"rate": espeak.rate, "size": len(sound), "words": words}, sound


def main() -> None:
    # stdout is for replies, so libraries print to stderr
    answers: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    espeak: EspeakLibrary | str
    try:
        espeak = EspeakLibrary()
    except EspeakUnavailable as trouble:
        espeak = str(trouble)
    try:
        for line in sys.stdin.buffer:
            reply, sound = answer(espeak, line)
            answers.write(json.dumps(reply).encode() + b"\n" + sound)
            answers.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the parent has ended


if __name__ == "__main__":
    main()
