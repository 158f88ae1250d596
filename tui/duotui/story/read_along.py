"""Reading a growing story aloud, sentence by sentence; a fallback story while the board is away."""

import asyncio
from collections.abc import Callable, Sequence

from duotui.protocol.tokens import WordMark
from duotui.speech.tts import TextToSpeech, Utterance
from duotui.story.generator import GeneratedStory

AWAY_GRACE = 1.5
"""Seconds that the board may be away, once every generated sentence was read, until a fallback
story starts. A short reconnect needs none."""


class ReadAlong:
    """`fallback_story` returns a story to read while the board is away. `on_change` is called when
    a sentence or a flag changes; `word` must be polled."""

    def __init__(
        self,
        tts: TextToSpeech,
        fallback_story: Callable[[], Sequence[str]],
        on_change: Callable[[], None],
    ) -> None:
        self._tts, self._fallback_story, self._on_change = tts, fallback_story, on_change
        self.sentences: tuple[str, ...] = ()
        self.current = -1
        self.thinking = self.fallback_playing = self.board_back = False
        """`board_back`: the board was away, and its story continues."""
        self._utterance: Utterance | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._interrupted = False
        """True if a pause cancelled the sentence, which is then spoken again from its start."""
        self._playing = asyncio.Event()
        self._playing.set()

    def start(self) -> None:
        """Reset the state of the story before."""
        self.sentences, self.current = (), -1
        self.thinking = self.fallback_playing = self.board_back = False
        self._playing.set()

    @property
    def paused(self) -> bool:
        return not self._playing.is_set()

    def pause(self, on: bool) -> None:
        """Stop speaking at once; on resume, repeat the sentence."""
        if on == self.paused:
            return
        if on:
            self._playing.clear()
            if self._speaking is not None:
                self._interrupted = True
                self._speaking.cancel()
        else:
            self._playing.set()
        self._on_change()

    @property
    def word(self) -> WordMark | None:
        """The word of the current sentence that is being spoken."""
        utterance = self._utterance
        return utterance.word_at(self._tts.position()) if utterance is not None else None

    def view_changes(self) -> dict[str, object]:
        """Fields of the view (view_state.py) that the reading determines."""
        names = ("sentences", "current", "thinking", "paused", "fallback_playing", "board_back")
        return {name: getattr(self, name) for name in names}

    async def read(self, generated: GeneratedStory, first: int = 0) -> None:
        """Read `generated` from sentence `first` to its end, waiting for new sentences."""
        at = first
        while True:
            if at < len(generated.sentences) and (generated.over or not self._tts.alone):
                self.thinking = False
                await self._speak(generated.sentences, at)
                at += 1
                self.board_back = False
            elif generated.over:
                return
            elif generated.away:
                await self._while_away(generated, at)
            else:
                self._show_thinking(generated)
                await generated.changed()

    def _show_thinking(self, generated: GeneratedStory) -> None:
        self.sentences, self.thinking = tuple(generated.sentences[: self.current + 1]), True
        self._on_change()

    async def _while_away(self, generated: GeneratedStory, at: int) -> None:
        def needed() -> bool:
            return generated.away and not generated.over and len(generated.sentences) <= at

        self._show_thinking(generated)
        try:
            async with asyncio.timeout(AWAY_GRACE):
                while needed():
                    await generated.changed()
        except TimeoutError:
            sentences, current = self.sentences, self.current
            self.fallback_playing, self.thinking = True, False
            try:
                while needed():
                    story = self._fallback_story()
                    for index in range(len(story)):
                        await self._speak(story, index)
                        if not needed():
                            break
            finally:
                self.fallback_playing = False
                self.sentences, self.current = sentences, current
            self.board_back = True
            self._on_change()

    async def _speak(self, sentences: Sequence[str], at: int) -> None:
        self.sentences, self.current = tuple(sentences[: at + 1]), at
        if at + 1 < len(sentences):
            self._tts.prepare(sentences[at + 1])
        while True:
            self._on_change()
            await self._playing.wait()
            self._interrupted = False
            self._speaking = asyncio.create_task(self._tts.speak(sentences[at], self._on_utterance))
            try:
                return await self._speaking
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not self._interrupted or (task is not None and task.cancelling()):
                    raise
            finally:
                self._utterance = self._speaking = None

    def _on_utterance(self, utterance: Utterance) -> None:
        self._utterance = utterance
        self._on_change()
