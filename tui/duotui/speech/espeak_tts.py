"""Text-to-speech by this computer."""

import asyncio
import contextlib
from dataclasses import replace

from duotui.base.errors import DuotuiError
from duotui.speech.audio_output import PLAYBACK_RATE, AudioOutput
from duotui.speech.espeak_client import EspeakClient, EspeakVoice, SynthesizedSpeech
from duotui.speech.tts import Utterance, UtteranceStarted, timed_words

SENTENCES_AHEAD = 4
"""Most sentences that are synthesized ahead."""


class EspeakTts:
    """A TextToSpeech. A change of `voice` applies to the next sentence. If there is no sound for a
    sentence, silence of the same length takes its place."""

    def __init__(self, synthesiser: EspeakClient, output: AudioOutput, voice: EspeakVoice) -> None:
        self.voice = voice
        self._synthesiser, self._output = synthesiser, output
        self._ahead: dict[tuple[str, EspeakVoice], asyncio.Task[SynthesizedSpeech]] = {}

    alone = False

    def configure(self, pace: float, volume: float) -> None:
        self.voice = replace(self.voice, pace=pace, volume=volume)

    @property
    def trouble(self) -> str:
        return self._synthesiser.trouble or self._output.trouble

    def prepare(self, text: str) -> None:
        """Synthesize a sentence while another one is played."""
        key = text, self.voice
        if key not in self._ahead:
            self._ahead[key] = asyncio.create_task(self._synthesized(*key))
            while len(self._ahead) > SENTENCES_AHEAD:
                self._ahead.pop(next(iter(self._ahead)))

    async def speak(self, text: str, begun: UtteranceStarted) -> None:
        self.prepare(text)
        key = text, self.voice
        # shielded, because a cancelled caller must not interrupt the synthesis
        sound = await asyncio.shield(self._ahead[key])
        self._ahead.pop(key, None)
        utterance = Utterance(text, sound.marks, sound.length)
        await self._output.play(sound.pcm, sound.rate, lambda: begun(utterance))

    def position(self) -> float:
        return self._output.position()

    async def close(self) -> None:
        for task in self._ahead.values():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._ahead.values(), return_exceptions=True)
        self._ahead.clear()
        await self._synthesiser.close()
        await self._output.close()

    async def _synthesized(self, text: str, voice: EspeakVoice) -> SynthesizedSpeech:
        try:
            return await self._synthesiser.synthesize(text, voice)
        except DuotuiError:
            utterance = timed_words(text, voice.pace)
            return SynthesizedSpeech(
                bytes(2 * round(utterance.length * PLAYBACK_RATE)),
                PLAYBACK_RATE,
                utterance.marks,
                utterance.length,
            )
