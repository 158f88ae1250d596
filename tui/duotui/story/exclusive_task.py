"""One thing at a time: a new job begins when the one before it has ended, and ends it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

Job = Callable[[], Coroutine[Any, Any, None]]


class ExclusiveTask:
    """`failed` is told of what a job did not expect; the next one begins all the same."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._next: Job | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether a new one would begin."""
        return self._worker is not None and not self._worker.done()

    def open(self) -> None:
        self._worker = asyncio.create_task(self._work())

    def start(self, job: Job | None) -> None:
        """None ends what there is, and that is all."""
        self._next = job
        self._wanted.set()
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            job, self._next = self._next, None
            if job is None:
                continue
            self._task = asyncio.create_task(job())
            try:
                await asyncio.wait({self._task})
            finally:
                task, self._task = self._task, None
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    try:
                        await task
                    except Exception as error:
                        self._failed(error)
