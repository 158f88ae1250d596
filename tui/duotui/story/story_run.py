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

GenerateStory = Callable[[GeneratedStory], Coroutine[Any, Any, None]]


class StoryRun:
    """One at a time; `narration` says how far it is."""

    def __init__(
        self,
        tts: TextToSpeech,
        diary: Diary,
        clock: Clock,
        fallback_story: Callable[[], Sequence[str]],
        on_change: Callable[[], None],
    ) -> None:
        self.read_along = ReadAlong(tts, fallback_story, on_change)
        self._diary, self._clock = diary, clock

    async def run(
        self, generated: GeneratedStory, generate: GenerateStory | None, first: int = 0
    ) -> None:
        """From its sentence `first` to its end; `tell` tells what is not there yet. Where the task
        is cancelled it is silent at once, and the diary says so."""
        began, out = self._clock.now(), len(generated.left_out)
        self.read_along.start()
        generated.over = generate is None
        generating = asyncio.create_task(generate(generated)) if generate is not None else None
        made: timedelta | None = None

        def told(_: object) -> None:
            nonlocal made
            made = timedelta(seconds=self._clock.now() - began)

        if generating is not None:
            generating.add_done_callback(told)
        whole = False
        try:
            await self.read_along.read(generated, first)
            if generating is not None:
                await generating
            whole = True
        finally:
            if generating is not None and not generating.done():
                generating.cancel()
                await asyncio.wait({generating})
            heard = len(generated.sentences) if whole else self.read_along.current + 1
            for sentence in generated.sentences[first:heard]:
                self._diary.say(sentence)
            for sentence in generated.left_out[out:]:
                self._diary.leave_out(sentence)
            lasted = self._clock.now() - began
            self._diary.end(timedelta(seconds=lasted), whole=whole, made=made)
