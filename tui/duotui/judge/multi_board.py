"""Several boards judged at once, each by a court of its own: one that is lost holds up no other."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from duotui.base.errors import DuotuiError, UsageError
from duotui.judge.session import JudgeOptions, JudgeSession
from duotui.scoring.verdict import Verdict
from duotui.targets.judged_machine import judged_machine

Outcome = tuple[Verdict, DuotuiError | None]


def split_targets(target: str) -> list[str]:
    """The targets of a list, "a,b,c". Raises UsageError where one of them is empty."""
    found = [name.strip() for name in target.split(",")]
    if not all(found):
        raise UsageError(f"{target!r} names no board between two commas", "sim,/dev/ttyACM0")
    return found


class MultiBoardSession:
    """`courts` in the order in which they were named. `watch` is called after each change."""

    def __init__(
        self,
        courts: Sequence[JudgeSession],
        watch: Callable[["MultiBoardSession"], None] = lambda _: None,
    ) -> None:
        self.sessions = tuple(courts)
        self._watch = watch
        for court in self.sessions:
            court.subscribe(lambda _: self._watch(self))

    def subscribe(self, watch: Callable[["MultiBoardSession"], None]) -> None:
        self._watch = watch

    async def run(self) -> list[Outcome]:
        """All of them, side by side."""
        await asyncio.gather(*(_hold(court) for court in self.sessions))
        self._watch(self)
        return self.outcomes()

    def outcomes(self) -> list[Outcome]:
        """As they are now; of a board that could not be judged there is a verdict without runs."""
        return [_outcome(court) for court in self.sessions]

    def stop(self, why: DuotuiError) -> None:
        for court in self.sessions:
            court.stop(why)

    async def close(self) -> None:
        await asyncio.gather(*(court.close() for court in self.sessions))


async def _hold(court: JudgeSession) -> None:
    try:
        await court.run()
    except DuotuiError:
        return  # the court keeps it for its outcome


def _outcome(court: JudgeSession) -> Outcome:
    try:
        return court.outcome()
    except DuotuiError as error:
        return replace(court.so_far, trouble=str(error)), error


@contextmanager
def open_sessions(options: JudgeOptions) -> Iterator[MultiBoardSession]:
    """A jury for the boards of `options.target`. Raises DuotuiError where one cannot be had."""
    with ExitStack() as stack:
        found = split_targets(options.target)
        labels = [
            name if found.count(name) == 1 else f"{name} {found[: index + 1].count(name)}"
            for index, name in enumerate(found)
        ]
        courts = []
        for name, label in zip(found, labels, strict=True):
            machine = stack.enter_context(
                judged_machine(
                    name, options.model, options.tokenizer, private=found.count(name) > 1
                )
            )
            record = _beside(options.record, label) if options.record is not None else None
            courts.append(JudgeSession(machine, replace(options, target=label, record=record)))
        yield MultiBoardSession(courts)


def _beside(path: Path, label: str) -> Path:
    """One file for each board: r.jsonl becomes r-sim-2.jsonl."""
    return path.with_name(f"{path.stem}-{file_label(label)}{path.suffix}")


def file_label(label: str) -> str:
    """A target as a part of a file's name."""
    return "".join(c if c.isalnum() else "-" for c in label).strip("-")
