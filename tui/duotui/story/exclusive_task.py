"""Runner for one job at a time: a new job cancels the one before and waits for its end."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

Job = Callable[[], Coroutine[Any, Any, None]]


class ExclusiveTask:
    """`failed` is called with a job's exception; the next job starts all the same."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._on_error = failed
        self._next: Job | None = None
        self._requested = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """True if a new job would start."""
        return self._worker is not None and not self._worker.done()

    def open(self) -> None:
        self._worker = asyncio.create_task(self._work())

    def start(self, job: Job | None) -> None:
        """Cancel the current job, then start `job` unless it is None."""
        self._next = job
        self._requested.set()
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})

    async def _work(self) -> None:
        while True:
            await self._requested.wait()
            self._requested.clear()
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
                        self._on_error(error)
