"""Generates a story on the engine and passes on whole sentences that are fit for a child.

A story consists of parts, each one request. The first continues the opening. If the engine reaches
its limit, or generates an unfit or incoherent sentence, another part continues the last sentences.
After a lost link the part is requested again; sentences that were passed on are not repeated.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from duotui.protocol.events import Batch, EndReason
from duotui.protocol.request import Mode, Request, available_mode
from duotui.session.session import SessionProtocol
from duotui.session.source_state import LinkState, SourceState
from duotui.session.state import SessionState
from duotui.story.coherence import incoherent
from duotui.story.sentences import (
    FORCED_ENDING,
    NEXT_OPENING,
    complete_quotations,
    recap,
    reminder,
    whole_sentences,
)

STEPS_LIMIT = 1024
"""Tokens of one part, at most; usually the model's context is less."""

DEFAULT_REQUEST = Request(mode=Mode.EXACT, steps=STEPS_LIMIT, temperature=0.8, top_p=0.9)
"""Temperature is below the contest's 1.0, at which a small model often loses coherence."""

GENERATION_ATTEMPTS = 3
"""Parts in a row without a fit sentence, until a stored ending closes the story."""

ENDING_SENTENCES = 5
"""Sentences of an ending at most."""

PARTS_LIMIT = 8
"""Parts of one story at most."""

BOARD_RETRY_INTERVAL = 5.0
"""Seconds between requests to a board whose link is lost."""

TOKEN_PATIENCE = 60.0
"""Seconds without a new token until the board counts as away. A child waits no longer; the board
may still go on (STORY_TIMEOUT)."""

_MODES_FLUENT_FIRST = (Mode.EXACT, Mode.FAST, Mode.REFERENCE)


class GeneratedStory:
    """A growing story. `told` are the engine's whole sentences that are fit for a child, and
    `sentences` the same as displayed, with the child's name.

    `over`: no more sentences come. `away`: the board is away or lost, or tells nothing."""

    def __init__(
        self, opening: str, seed: int, shown: Callable[[str], str] = lambda sentence: sentence
    ) -> None:
        self.opening, self.seed = opening, seed
        self.told: list[str] = []
        self.sentences: list[str] = []
        self.left_out: list[str] = []
        """Unfit sentences."""
        self.regenerated: list[str] = []
        """Incoherent sentences, which another part took the place of."""
        self._shown = shown
        self.over = self.away = False
        self.closed = False
        """True if a stored ending closed it."""
        self.parts = 0
        self._changed = asyncio.Event()
        for sentence in whole_sentences(opening, over=True):
            self.add(sentence)

    @classmethod
    def of(cls, sentences: Sequence[str], seed: int) -> "GeneratedStory":
        """A complete story, read from the favourites."""
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
        """Wake the tasks that wait in `changed`."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        await self._changed.wait()


@dataclass(frozen=True, slots=True)
class _Part:
    """`past` is only context in the prompt; `lead` follows it, and is read aloud."""

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


class _Patience:
    """Calls `wake` when `over` becomes true: after `seconds` without a call of `renew`."""

    def __init__(self, seconds: float, wake: Callable[[], None]) -> None:
        self.over = False
        self._seconds, self._wake = seconds, wake
        self._timer: asyncio.TimerHandle | None = None
        self._progress: object = None

    def renew(self, progress: object) -> None:
        """Begin anew if `progress` has changed."""
        if self._timer is not None and progress == self._progress:
            return
        self.end()
        self.over, self._progress = False, progress
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self.over = True
        self._wake()


class StoryGenerator:
    """Generates one story at a time. `fit` is true for a sentence that may be shown; one of
    `endings` closes a story that the engine does not end. After `patience` seconds without a new
    token the board counts as away."""

    def __init__(
        self,
        session: SessionProtocol,
        fit: Callable[[str], bool],
        endings: tuple[str, ...],
        usual: Request = DEFAULT_REQUEST,
        *,
        patience: float = TOKEN_PATIENCE,
    ) -> None:
        self._session, self.fits, self._endings, self.usual = session, fit, endings, usual
        self._news = asyncio.Event()
        self._patience = patience
        session.subscribe(self._on_session)

    async def generate(self, generated: GeneratedStory) -> None:
        """Generate the story to its end. If the task is cancelled, the engine is stopped."""
        await self._generate_parts(generated, _Part(generated.opening))

    async def continue_story(self, generated: GeneratedStory) -> None:
        """Generate a sequel, with the same characters, from the end of the story."""
        generated.closed = False
        await self._generate_parts(generated, _Part(reminder(generated.told), NEXT_OPENING))

    async def _generate_parts(self, generated: GeneratedStory, part: _Part) -> None:
        empty_parts = 0
        try:
            for _ in range(PARTS_LIMIT):
                before = len(generated.told)
                end = await self._part(generated, part)
                has_grown = len(generated.told) > before
                if has_grown and (
                    end is _End.NATURAL or (end is _End.LIMIT and part.lead == FORCED_ENDING)
                ):
                    return
                empty_parts = 0 if has_grown else empty_parts + 1
                if empty_parts == GENERATION_ATTEMPTS:
                    break
                # a first sentence that was refused is told anew once, before an ending is forced
                refused_once = end is _End.UNFIT and empty_parts == 1
                unended = end is _End.LIMIT or not (has_grown or refused_once)
                part = _Part(recap(generated.told), FORCED_ENDING if unended else "")
            generated.add(random.Random(generated.seed).choice(self._endings))
            generated.closed = True
        finally:
            generated.over = True
            generated.away = False
            self._session.stop()
            generated.change()

    async def _part(self, generated: GeneratedStory, part: _Part) -> _End:
        """Request one part, and add its fit sentences to `generated`."""
        request = replace(
            self.usual,
            prompt=part.prompt,
            mode=self._mode(),
            seed=(generated.seed + generated.parts) % 2**32 or 1,
        )
        generated.parts += 1
        patience = _Patience(self._patience, self._news.set)
        try:
            return await self._follow_part(generated, part, request, patience)
        finally:
            patience.end()

    async def _follow_part(
        self, generated: GeneratedStory, part: _Part, request: Request, patience: _Patience
    ) -> _End:
        before = self._session.state
        self._session.generate(request)
        patience.renew(None)
        added = 0
        while True:
            await self._wait_for_change(request)
            state = self._session.state
            board = state.board
            is_current = board.run is not before.board.run and _matches(board, request)
            patience.renew((is_current, len(board.tokens), board.regenerating))
            generated.away = board.link.gone or patience.over
            generated.change()
            new_fault = state.fault is not None and state.fault is not before.fault
            if new_fault and not (is_current and board.running):
                return _End.FAILED
            if not is_current:
                continue
            ended = board.ended.reason if board.ended is not None else None
            over = ended in (EndReason.STEPS, EndReason.ENDED)
            sentences = whole_sentences(part.lead + board.generated_text, over=over)
            for sentence in sentences[added : complete_quotations(sentences)]:
                if not self.fits(sentence):
                    generated.left_out.append(sentence)
                    return _End.UNFIT
                if incoherent(sentence, generated.told):
                    generated.regenerated.append(sentence)
                    return _End.UNFIT
                generated.add(sentence)
                added += 1
                if part.lead == FORCED_ENDING and added == ENDING_SENTENCES:
                    return _End.LIMIT
            if over:
                return _End.NATURAL if ended is EndReason.ENDED else _End.LIMIT
            if ended is EndReason.FAILED:
                return _End.FAILED

    async def _wait_for_change(self, request: Request) -> None:
        """Wait for a session event; repeat `request` at intervals while the link is lost."""
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

    def _on_session(self, _state: SessionState, _batch: Batch) -> None:
        self._news.set()


def _matches(board: SourceState, request: Request) -> bool:
    run = board.run
    return run is not None and (run.prompt, run.seed) == (request.prompt, request.seed)
