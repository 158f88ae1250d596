"""One story from start to end: generated, read aloud and written into the diary."""

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
    """Runs one story at a time; `read_along` holds its progress."""

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
        """Read `generated` from sentence `first` to its end while `generate` adds sentences.

        If the task is cancelled, speech stops at once and the diary records it."""
        started, left_out = self._clock.now(), len(generated.left_out)
        self.read_along.start()
        generated.over = generate is None
        generating = asyncio.create_task(generate(generated)) if generate is not None else None
        generation_time: timedelta | None = None

        def record_generation_time(_: object) -> None:
            nonlocal generation_time
            generation_time = timedelta(seconds=self._clock.now() - started)

        if generating is not None:
            generating.add_done_callback(record_generation_time)
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
            read = len(generated.sentences) if whole else self.read_along.current + 1
            for sentence in generated.sentences[first:read]:
                self._diary.add_sentence(sentence)
            for sentence in generated.left_out[left_out:]:
                self._diary.add_left_out(sentence)
            duration = self._clock.now() - started
            self._diary.end(
                timedelta(seconds=duration), whole=whole, generation_time=generation_time
            )
