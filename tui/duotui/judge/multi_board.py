"""Judging of several boards at once, each by a judge session of its own."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from duotui.base.errors import DuotuiError, UsageError
from duotui.base.translation import gettext as _
from duotui.judge.options import JudgeOptions
from duotui.judge.saved_session import SavedSession, file_label
from duotui.judge.session import JudgeSession, Outcome
from duotui.judge.session_factory import live_session
from duotui.targets.judged_machine import judged_machine


def split_targets(target: str) -> list[str]:
    """Split a list of targets, "a,b,c". Raises UsageError if one of them is empty."""
    names = [name.strip() for name in target.split(",")]
    if not all(names):
        raise UsageError(
            _("{target!r} names no board between two commas", target=target), "sim,/dev/ttyACM0"
        )
    return names


class MultiBoardSession:
    """Judge sessions side by side, in the order in which the boards were named."""

    def __init__(self, sessions: Sequence[JudgeSession]) -> None:
        self.sessions = tuple(sessions)
        self._callback: Callable[[MultiBoardSession], None] = lambda _: None
        for session in self.sessions:
            session.subscribe(lambda _: self._callback(self))

    def subscribe(self, callback: Callable[["MultiBoardSession"], None]) -> None:
        """Call `callback` in the loop after each change of any of them."""
        self._callback = callback

    async def run(self) -> list[Outcome]:
        """Judge all boards. A lost board delays no other."""
        await asyncio.gather(*(_run(session) for session in self.sessions))
        self._callback(self)
        return self.outcomes()

    def outcomes(self) -> list[Outcome]:
        """The outcomes until now. A board that was refused has a verdict without runs."""
        return [_outcome(session) for session in self.sessions]

    def stop(self, why: DuotuiError) -> None:
        for session in self.sessions:
            session.stop(why)

    async def close(self) -> None:
        await asyncio.gather(*(session.close() for session in self.sessions))


async def _run(session: JudgeSession) -> None:
    try:
        await session.run()
    except DuotuiError:
        return  # session.outcome() raises it again


def _outcome(session: JudgeSession) -> Outcome:
    try:
        return session.outcome()
    except DuotuiError as error:
        return replace(session.so_far, trouble=str(error)), error


@contextmanager
def open_sessions(
    options: JudgeOptions, keep: Callable[[JudgeOptions], SavedSession | None]
) -> Iterator[MultiBoardSession]:
    """Sessions for the boards of `options.target`, each saved where `keep` makes it a folder.

    Raises DuotuiError if one cannot be opened.
    """
    with ExitStack() as stack:
        names = split_targets(options.target)
        labels = [
            name if names.count(name) == 1 else f"{name} {names[: index + 1].count(name)}"
            for index, name in enumerate(names)
        ]
        sessions = []
        for name, label in zip(names, labels, strict=True):
            machine = stack.enter_context(
                judged_machine(
                    name, options.model, options.tokenizer, private=names.count(name) > 1
                )
            )
            record = _record_path(options.record, label) if options.record is not None else None
            named = replace(options, target=label, named=name, record=record)
            saved = keep(named)
            if saved is not None:
                named = stack.enter_context(saved.sitting(named))
            session = live_session(machine, named)
            if saved is not None:
                saved.keep(session)
                stack.callback(_close, saved, session)
            sessions.append(session)
        yield MultiBoardSession(sessions)


def _close(saved: SavedSession, session: JudgeSession) -> None:
    with suppress(UsageError):  # its disk is full, which its recording has told
        saved.close(_outcome(session)[0])


def _record_path(path: Path, label: str) -> Path:
    """One file for each board: r.jsonl becomes r-sim-2.jsonl."""
    return path.with_name(f"{path.stem}-{file_label(label)}{path.suffix}")
