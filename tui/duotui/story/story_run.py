"""One story from its first word to its last: told, read, and written into the diary."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from duotui.base.clock import Clock
from duotui.speech.tts import TextToSpeech
from duotui.story.diary import Diary
from duotui.story.generator import GeneratedStory
from duotui.story.read_along import ReadAlong

Tell = Callable[[GeneratedStory], Coroutine[Any, Any, None]]


class StoryRun:
    """One at a time; `narration` says how far it is."""

    def __init__(
        self,
        reader: TextToSpeech,
        diary: Diary,
        clock: Clock,
        nap: Callable[[], Sequence[str]],
        watch: Callable[[], None],
    ) -> None:
        self.read_along = ReadAlong(reader, nap, watch)
        self._diary, self._clock = diary, clock

    async def run(self, generated: GeneratedStory, tell: Tell | None, first: int = 0) -> None:
        """From its sentence `first` to its end; `tell` tells what is not there yet. Where the task
        is cancelled it is silent at once, and the diary says so."""
        began, out = self._clock.now(), len(generated.left_out)
        self.read_along.start()
        generated.over = tell is None
        telling = asyncio.create_task(tell(generated)) if tell is not None else None
        made: timedelta | None = None

        def told(_: object) -> None:
            nonlocal made
            made = timedelta(seconds=self._clock.now() - began)

        if telling is not None:
            telling.add_done_callback(told)
        whole = False
        try:
            await self.read_along.read(generated, first)
            if telling is not None:
                await telling
            whole = True
        finally:
            if telling is not None and not telling.done():
                telling.cancel()
                await asyncio.wait({telling})
            heard = len(generated.sentences) if whole else self.read_along.current + 1
            for sentence in generated.sentences[first:heard]:
                self._diary.say(sentence)
            for sentence in generated.left_out[out:]:
                self._diary.leave_out(sentence)
            lasted = self._clock.now() - began
            self._diary.end(timedelta(seconds=lasted), whole=whole, made=made)
