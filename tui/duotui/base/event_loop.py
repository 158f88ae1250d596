"""An asyncio run in which a failed callback is a failure of the whole.

asyncio prints the exception of a callback, or of a task that nobody awaits, and goes on. The
program would then end with status 0.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` in a new event loop. Raises the exception of the first callback that fails, after
    `main` was cancelled."""
    return asyncio.run(_guarded(main))


async def _guarded(main: Coroutine[Any, Any, Result]) -> Result:
    failures: list[BaseException] = []
    task = asyncio.ensure_future(main)

    def fail(error: BaseException) -> None:
        failures.append(error)
        task.cancel()

    on_callback_failure(asyncio.get_running_loop(), fail)
    try:
        result = await task
    except asyncio.CancelledError:
        if not failures:
            raise
    if failures:
        raise failures[0]
    return result


def on_callback_failure(
    loop: asyncio.AbstractEventLoop, call: Callable[[BaseException], object]
) -> None:
    """Call `call` with the exception of each callback of `loop` that fails."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None:
            loop.default_exception_handler(context)
        else:
            call(error)

    loop.set_exception_handler(handle)
