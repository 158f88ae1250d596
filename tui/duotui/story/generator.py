"""Asks the engine for a story, and lets whole sentences through that are fit for a child.

A story is made of parts, each a request of its own: the first from the opening; where the engine
comes to its limit, or says something unfit, another from the last sentences. A board that is lost
takes nothing away: the part is asked for again, and what was there already is not said twice.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from duotui.protocol.events import Batch, Mode, Reason, Request, available_mode
from duotui.session.session import Sitting
from duotui.session.state import Link, State, Telling
from duotui.story.sentences import ENDING, NEXT, recap, reminder, restful, whole

USUAL = Request(mode=Mode.EXACT, steps=0, temperature=0.8, top_p=0.9)
"""Calmer than the contest's: at 1.0 a small model often loses its thread."""

TRIES = 3
"""Parts in a row that bring nothing fit, until a stored ending closes the story."""

FAREWELL = 5
"""Sentences that an ending may have."""

PARTS = 8
"""Of one story at most."""

AGAIN = 5.0
"""Seconds until a board that was given up is looked for anew."""

_FLUENT_FIRST = (Mode.EXACT, Mode.FAST, Mode.REFERENCE)


class Tale:
    """A story that grows: `told` are whole sentences in the engine's words, fit for a child, and
    `sentences` the same as they are shown. `over` says that no more will come, `away` that the
    board that tells it is."""

    def __init__(
        self, opening: str, seed: int, shown: Callable[[str], str] = lambda sentence: sentence
    ) -> None:
        self.opening, self.seed = opening, seed
        self.told: list[str] = []
        self.sentences: list[str] = []
        self.left_out: list[str] = []
        self._shown = shown
        self.over = self.away = False
        self.closed = False
        """Whether its ending is a stored one."""
        self.parts = 0
        self._changed = asyncio.Event()
        for sentence in whole(opening, over=True):
            self.add(sentence)

    @classmethod
    def of(cls, sentences: Sequence[str], seed: int) -> "Tale":
        """One that was told before."""
        tale = cls("", seed)
        for sentence in sentences:
            tale.add(sentence)
        tale.over = True
        return tale

    def add(self, sentence: str) -> None:
        self.told.append(sentence)
        self.sentences.append(self._shown(sentence))
        self.change()

    def change(self) -> None:
        """Whoever waits is woken."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        await self._changed.wait()


@dataclass(frozen=True, slots=True)
class _Part:
    """`past` is what the engine is to tell on from; `lead`, which it is given too, is said."""

    past: str
    lead: str = ""

    @property
    def prompt(self) -> str:
        return f"{self.past} {self.lead}".strip()


class _End(Enum):
    NATURAL = auto()
    """The engine ended its story."""
    LIMIT = auto()
    UNFIT = auto()
    FAILED = auto()


class Teller:
    """One tale at a time. `fit` says whether a sentence may be shown, `endings` close a story
    that finds no end."""

    def __init__(
        self,
        sitting: Sitting,
        fit: Callable[[str], bool],
        endings: tuple[str, ...],
        usual: Request = USUAL,
    ) -> None:
        self._sitting, self.fits, self._endings, self.usual = sitting, fit, endings, usual
        self._news = asyncio.Event()
        sitting.listen(self._heard)

    async def tell(self, tale: Tale) -> None:
        """To its end. Where the task is cancelled the engine is stopped."""
        await self._carry_out(tale, _Part(tale.opening))

    async def tell_on(self, tale: Tale) -> None:
        """What happens next: of the same ones, from where the story has come to."""
        tale.closed = False
        await self._carry_out(tale, _Part(reminder(tale.told), NEXT))

    async def _carry_out(self, tale: Tale, part: _Part) -> None:
        barren = 0
        try:
            for _ in range(PARTS):
                before = len(tale.told)
                end = await self._part(tale, part)
                grew = len(tale.told) > before
                if grew and (end is _End.NATURAL or (end is _End.LIMIT and part.lead == ENDING)):
                    return
                barren = 0 if grew else barren + 1
                if barren == TRIES:
                    break
                unended = end is _End.LIMIT or not grew
                part = _Part(recap(tale.told), ENDING if unended else "")
            tale.add(random.Random(tale.seed).choice(self._endings))
            tale.closed = True
        finally:
            tale.over = True
            tale.away = False
            self._sitting.stop()
            tale.change()

    async def _part(self, tale: Tale, part: _Part) -> _End:
        """Ask for one part, and let its sentences through."""
        request = replace(
            self.usual,
            prompt=part.prompt,
            mode=self._mode(),
            seed=(tale.seed + tale.parts) % 2**32 or 1,
        )
        tale.parts += 1
        past = self._sitting.state.board.run
        self._sitting.tell(request)
        given = 0
        while True:
            await self._until_news(request)
            state = self._sitting.state
            board = state.board
            tale.away = board.link in (Link.AWAY, Link.LOST)
            tale.change()
            ours = board.run is not past and _is(board, request)
            if state.fault is not None and not (ours and board.telling):
                return _End.FAILED
            if not ours:
                continue
            ended = board.ended.reason if board.ended is not None else None
            over = ended in (Reason.STEPS, Reason.ENDED)
            found = whole(part.lead + board.told_text, over=over)
            for sentence in found[given : restful(found)]:
                if not self.fits(sentence):
                    tale.left_out.append(sentence)
                    return _End.UNFIT
                tale.add(sentence)
                given += 1
                if part.lead == ENDING and given == FAREWELL:
                    return _End.LIMIT
            if over:
                return _End.NATURAL if ended is Reason.ENDED else _End.LIMIT
            if ended is Reason.FAILED:
                return _End.FAILED

    async def _until_news(self, request: Request) -> None:
        """News of the board; one that was given up is asked again."""
        while True:
            lost = self._sitting.state.board.link is Link.LOST
            try:
                await asyncio.wait_for(self._news.wait(), AGAIN if lost else None)
            except TimeoutError:
                self._sitting.tell(request)
            else:
                self._news.clear()
                return

    def _mode(self) -> Mode:
        ready = self._sitting.state.board.ready
        modes = ready.modes if ready else ()
        return available_mode(self.usual.mode, modes, order=_FLUENT_FIRST)

    def _heard(self, _state: State, _batch: Batch) -> None:
        self._news.set()


def _is(board: Telling, request: Request) -> bool:
    run = board.run
    return run is not None and (run.prompt, run.seed) == (request.prompt, request.seed)
