"""A tale read aloud, sentence by sentence, as it grows; another one while its teller is away."""

import asyncio
from collections.abc import Callable, Sequence

from duotui.protocol.tokens import WordMark
from duotui.speech.tts import TextToSpeech, Utterance
from duotui.story.generator import GeneratedStory

AWAY_GRACE = 1.5
"""Seconds that a teller may be away, when all that it had told was read, until another story is
read: a board that is back at once is not worth a nap."""


class ReadAlong:
    """`nap` gives a story to read while the teller is away. `watch` is called when what is read
    has changed; which word it is is asked for."""

    def __init__(
        self, reader: TextToSpeech, nap: Callable[[], Sequence[str]], watch: Callable[[], None]
    ) -> None:
        self._reader, self._nap, self._watch = reader, nap, watch
        self.sentences: tuple[str, ...] = ()
        self.current = -1
        self.thinks = self.napping = self.back = False
        """`back`: it was away, and tells again."""
        self._utterance: Utterance | None = None
        self._saying: asyncio.Task[None] | None = None
        self._broken_off = False
        """The sentence was, to be said again; it may be asked for before it is silent."""
        self._going = asyncio.Event()
        self._going.set()

    def start(self) -> None:
        """Nothing of the story before is left."""
        self.sentences, self.current = (), -1
        self.thinks = self.napping = self.back = False
        self._going.set()

    @property
    def held(self) -> bool:
        return not self._going.is_set()

    def hold(self, on: bool) -> None:
        """Silence at once; then its sentence again."""
        if on == self.held:
            return
        if on:
            self._going.clear()
            if self._saying is not None:
                self._broken_off = True
                self._saying.cancel()
        else:
            self._going.set()
        self._watch()

    @property
    def word(self) -> WordMark | None:
        """The word of the current sentence that is heard now."""
        said = self._utterance
        return said.word_at(self._reader.position()) if said is not None else None

    async def read(self, generated: GeneratedStory, first: int = 0) -> None:
        """From its sentence `first` to its end."""
        at = first
        while True:
            if at < len(generated.sentences) and (generated.over or not self._reader.alone):
                self.thinks = False
                await self._say(generated.sentences, at)
                at += 1
                self.back = False
            elif generated.over:
                return
            elif generated.away:
                await self._while_away(generated, at)
            else:
                self._think(generated)
                await generated.changed()

    def _think(self, generated: GeneratedStory) -> None:
        self.sentences, self.thinks = tuple(generated.sentences[: self.current + 1]), True
        self._watch()

    async def _while_away(self, generated: GeneratedStory, at: int) -> None:
        def needed() -> bool:
            return generated.away and not generated.over and len(generated.sentences) <= at

        self._think(generated)
        try:
            async with asyncio.timeout(AWAY_GRACE):
                while needed():
                    await generated.changed()
        except TimeoutError:
            told, current = self.sentences, self.current
            self.napping, self.thinks = True, False
            try:
                while needed():
                    story = self._nap()
                    for index in range(len(story)):
                        await self._say(story, index)
                        if not needed():
                            break
            finally:
                self.napping = False
                self.sentences, self.current = told, current
            self.back = True
            self._watch()

    async def _say(self, sentences: Sequence[str], at: int) -> None:
        self.sentences, self.current = tuple(sentences[: at + 1]), at
        if at + 1 < len(sentences):
            self._reader.prepare(sentences[at + 1])
        while True:
            self._watch()
            await self._going.wait()
            self._broken_off = False
            self._saying = asyncio.create_task(self._reader.say(sentences[at], self._begun))
            try:
                return await self._saying
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not self._broken_off or (task is not None and task.cancelling()):
                    raise
            finally:
                self._utterance = self._saying = None

    def _begun(self, said: Utterance) -> None:
        self._utterance = said
        self._watch()
