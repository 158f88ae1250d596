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

from duotui.protocol.events import Batch, EndReason
from duotui.protocol.request import Mode, Request, available_mode
from duotui.session.session import SessionProtocol
from duotui.session.state import LinkState, SessionState, SourceState
from duotui.story.sentences import (
    FORCED_ENDING,
    NEXT_OPENING,
    complete_quotations,
    recap,
    reminder,
    whole_sentences,
)

DEFAULT_REQUEST = Request(mode=Mode.EXACT, steps=0, temperature=0.8, top_p=0.9)
"""Calmer than the contest's: at 1.0 a small model often loses its thread."""

GENERATION_ATTEMPTS = 3
"""Parts in a row that bring nothing fit, until a stored ending closes the story."""

ENDING_SENTENCES = 5
"""Sentences that an ending may have."""

PARTS_LIMIT = 8
"""Of one story at most."""

BOARD_RETRY_INTERVAL = 5.0
"""Seconds until a board that was given up is looked for anew."""

_MODES_FLUENT_FIRST = (Mode.EXACT, Mode.FAST, Mode.REFERENCE)


class GeneratedStory:
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
        for sentence in whole_sentences(opening, over=True):
            self.add(sentence)

    @classmethod
    def of(cls, sentences: Sequence[str], seed: int) -> "GeneratedStory":
        """One that was told before."""
        generated = cls("", seed)
        for sentence in sentences:
            generated.add(sentence)
        generated.over = True
        return generated

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


class StoryGenerator:
    """One tale at a time. `fit` says whether a sentence may be shown, `endings` close a story
    that finds no end."""

    def __init__(
        self,
        session: SessionProtocol,
        fit: Callable[[str], bool],
        endings: tuple[str, ...],
        usual: Request = DEFAULT_REQUEST,
    ) -> None:
        self._session, self.fits, self._endings, self.usual = session, fit, endings, usual
        self._news = asyncio.Event()
        session.subscribe(self._heard)

    async def generate(self, generated: GeneratedStory) -> None:
        """To its end. Where the task is cancelled the engine is stopped."""
        await self._carry_out(generated, _Part(generated.opening))

    async def continue_story(self, generated: GeneratedStory) -> None:
        """What happens next: of the same ones, from where the story has come to."""
        generated.closed = False
        await self._carry_out(generated, _Part(reminder(generated.told), NEXT_OPENING))

    async def _carry_out(self, generated: GeneratedStory, part: _Part) -> None:
        barren = 0
        try:
            for _ in range(PARTS_LIMIT):
                before = len(generated.told)
                end = await self._part(generated, part)
                grew = len(generated.told) > before
                if grew and (
                    end is _End.NATURAL or (end is _End.LIMIT and part.lead == FORCED_ENDING)
                ):
                    return
                barren = 0 if grew else barren + 1
                if barren == GENERATION_ATTEMPTS:
                    break
                unended = end is _End.LIMIT or not grew
                part = _Part(recap(generated.told), FORCED_ENDING if unended else "")
            generated.add(random.Random(generated.seed).choice(self._endings))
            generated.closed = True
        finally:
            generated.over = True
            generated.away = False
            self._session.stop()
            generated.change()

    async def _part(self, generated: GeneratedStory, part: _Part) -> _End:
        """Ask for one part, and let its sentences through."""
        request = replace(
            self.usual,
            prompt=part.prompt,
            mode=self._mode(),
            seed=(generated.seed + generated.parts) % 2**32 or 1,
        )
        generated.parts += 1
        past = self._session.state.board.run
        self._session.generate(request)
        given = 0
        while True:
            await self._wait_for_change(request)
            state = self._session.state
            board = state.board
            generated.away = board.link in (LinkState.RECONNECTING, LinkState.LOST)
            generated.change()
            ours = board.run is not past and _is(board, request)
            if state.fault is not None and not (ours and board.running):
                return _End.FAILED
            if not ours:
                continue
            ended = board.ended.reason if board.ended is not None else None
            over = ended in (EndReason.STEPS, EndReason.ENDED)
            found = whole_sentences(part.lead + board.generated_text, over=over)
            for sentence in found[given : complete_quotations(found)]:
                if not self.fits(sentence):
                    generated.left_out.append(sentence)
                    return _End.UNFIT
                generated.add(sentence)
                given += 1
                if part.lead == FORCED_ENDING and given == ENDING_SENTENCES:
                    return _End.LIMIT
            if over:
                return _End.NATURAL if ended is EndReason.ENDED else _End.LIMIT
            if ended is EndReason.FAILED:
                return _End.FAILED

    async def _wait_for_change(self, request: Request) -> None:
        """News of the board; one that was given up is asked again."""
        while True:
            lost = self._session.state.board.link is LinkState.LOST
            try:
                await asyncio.wait_for(self._news.wait(), BOARD_RETRY_INTERVAL if lost else None)
            except TimeoutError:
                self._session.generate(request)
            else:
                self._news.clear()
                return

    def _mode(self) -> Mode:
        ready = self._session.state.board.ready
        modes = ready.modes if ready else ()
        return available_mode(self.usual.mode, modes, order=_MODES_FLUENT_FIRST)

    def _heard(self, _state: SessionState, _batch: Batch) -> None:
        self._news.set()


def _is(board: SourceState, request: Request) -> bool:
    run = board.run
    return run is not None and (run.prompt, run.seed) == (request.prompt, request.seed)
