"""The story hour: what a child can do, and what is on the stage because of it.

Every key is a method that may be called at any moment; what makes no sense then does nothing. A
screen shows `scene`, and asks `word` for the word that is heard.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from duotui.core.clock import Clock
from duotui.core.events import Mark
from duotui.core.session import Sitting
from duotui.core.state import Link
from duotui.speech.utterance import Reader
from duotui.story import diary as diaries
from duotui.story import household, menus
from duotui.story.cards import ROWS, Choice, Deck, renamed
from duotui.story.diary import Diary
from duotui.story.household import Allowed, Household, Quiet, Spent, TimeOver
from duotui.story.performance import Performance, Tell
from duotui.story.phrases import Phrases
from duotui.story.scene import Act, Offer, Rest, Scene
from duotui.story.shelf import Kept, Shelf
from duotui.story.teller import Tale, Teller

SEEDS = 2**31
SHELVES = 9
"""Favourites that are shown: a digit picks one."""


@dataclass(frozen=True, slots=True)
class Room:
    """What an hour needs of the world. `wall` is the local time; `stored` gives a story that needs
    no engine."""

    sitting: Sitting
    teller: Teller
    reader: Reader
    deck: Deck
    stored: Callable[[Choice, random.Random], Sequence[str]]
    shelf: Shelf
    diary: Diary
    clock: Clock
    wall: Callable[[], datetime]
    rng: random.Random


class Hour:
    def __init__(self, room: Room, child: Household, say: Phrases) -> None:
        self.child, self.say = child, say
        self._room = room
        self._watch: Callable[[], None] = lambda: None
        self._began = room.clock.now()
        self._told, self._bonus = 0, False
        self.choice = Choice("", "", "")
        self._title = ""
        self._tale: Tale | None = None
        self._performance = Performance(
            room.reader, room.diary, room.clock, self._nap, self._narrated
        )
        self._job: Callable[[], asyncio.Task[None]] | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._hand: asyncio.Task[None] | None = None
        self.scene = Scene()
        self._cards(())
        room.sitting.listen(lambda _state, _batch: self._linked())

    def listen(self, watch: Callable[[], None]) -> None:
        self._watch = watch

    def settle(self, child: Household, say: Phrases) -> None:
        """What parents have settled anew; a story that is told goes on."""
        self.child, self.say = child, say
        if self.scene.act is not Act.TELLING:
            self._cards(())

    def open(self) -> None:
        self._room.sitting.open()
        self._hand = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Within a second."""
        if self._hand is not None:
            self._hand.cancel()
            await asyncio.wait({self._hand})
        await self._room.reader.close()
        await self._room.sitting.close()

    @property
    def alive(self) -> bool:
        """Whether a key can still begin a story."""
        return self._hand is not None and not self._hand.done()

    @property
    def word(self) -> Mark | None:
        """The word of the current sentence that is heard now."""
        return self._performance.narration.word

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work, in lines for grown-ups."""
        room = self._room
        board, fault = room.sitting.state.board, room.sitting.state.fault
        lines = (
            board.trouble, fault.text if fault is not None else "", room.reader.trouble,
            room.shelf.trouble, room.diary.trouble,
        )  # fmt: skip
        return tuple(line for line in lines if line)

    # Keys

    def move(self, by: int) -> None:
        if self.scene.offers:
            self._stage(at=(self.scene.at + by) % len(self.scene.offers))

    def pick(self, number: int) -> None:
        """The card of that number, from 1."""
        if 1 <= number <= len(self.scene.offers):
            self._stage(at=number - 1)
            self.go()

    def go(self) -> None:
        """The card under the cursor; a story that is held goes on; one more before sleep."""
        scene = self.scene
        if scene.act is Act.TELLING:
            self._performance.narration.hold(False)
        elif scene.act is Act.RESTING:
            self._bonus = scene.one_more
            self._cards(())
        elif scene.offers:
            self._chosen(scene.offers[scene.at])

    def halt(self) -> None:
        """The one key that stops a story, and lets it go on; elsewhere it is `go`."""
        narration = self._performance.narration
        if self.scene.act is Act.TELLING:
            narration.hold(not narration.held)
        else:
            self.go()

    def back(self) -> None:
        """One question back; out of a story, to the cards."""
        if self.scene.act is not Act.RESTING:
            self._leave()
            self._cards(self.scene.picked[:-1] if self.scene.act is Act.CARDS else ())

    def surprise(self) -> None:
        if self.scene.act in (Act.CARDS, Act.THE_END, Act.SHELF):
            self._tell(self._room.deck.draw(self._room.rng, self.child.name))

    def again(self) -> None:
        tale = self._tale
        if tale is not None and tale.over and self.scene.act in (Act.TELLING, Act.THE_END):
            self._begin(diaries.AGAIN, tale, None)

    def what_next(self) -> None:
        tale = self._tale
        if tale is not None and self.scene.act is Act.THE_END:
            self._begin(diaries.NEXT, tale, self._room.teller.tell_on, len(tale.sentences))

    def keep(self) -> None:
        """Among the favourites."""
        if self._tale is None or self.scene.act is not Act.THE_END:
            return
        ready = self._room.sitting.state.board.ready
        self._room.shelf.add(Kept(
            self._title, {row: getattr(self.choice, row) for row in ROWS},
            tuple(self._tale.sentences), self._tale.seed, self._room.teller.usual.mode,
            ready.model_hash if ready is not None else "", self._room.wall(),
        ))  # fmt: skip
        self._end(kept=True)

    def favourites(self) -> None:
        if self.scene.act in (Act.CARDS, Act.THE_END):
            offers = menus.shelf(self._room.shelf.all()[:SHELVES], self._room.deck)
            self._show(Scene(Act.SHELF, offers))

    def choose(self, slots: Mapping[str, str]) -> None:
        """Some of who, where and what, as they were said; the rest is a surprise."""
        drawn = self._room.deck.draw(self._room.rng, self.child.name)
        self._tell(replace(drawn, **{row: slots[row] for row in ROWS if row in slots}))

    # What follows

    def _chosen(self, offer: Offer) -> None:
        scene = self.scene
        match scene.act, offer.key:
            case Act.CARDS, _:
                picked = (*scene.picked, offer)
                if len(picked) < len(ROWS):
                    self._cards(picked)
                else:
                    who, where, what = (card.key for card in picked)
                    self._tell(Choice(who, where, what, self.child.name))
            case Act.THE_END, menus.AGAIN:
                self.again()
            case Act.THE_END, menus.NEXT:
                self.what_next()
            case Act.THE_END, menus.KEEP:
                self.keep()
            case Act.SHELF, number:
                self._from_shelf(self._room.shelf.all()[int(number)])
            case _:
                self._cards(())

    def _cards(self, picked: tuple[Offer, ...]) -> None:
        if self._rests():
            return
        row = len(picked)
        offers = menus.cards(self._room.deck, row, self.child.language)
        self._show(Scene(Act.CARDS, offers, row=row, picked=picked))

    def _end(self, *, kept: bool) -> None:
        shown = self._performance.narration.sentences
        self._show(Scene(
            Act.THE_END, menus.ending(self.say, kept=kept), sentences=shown, current=len(shown),
            kept=kept,
        ))  # fmt: skip

    def _rests(self) -> bool:
        """Show that no story may begin now, if that is so."""
        now, room = self._room.wall(), self._room
        awake = timedelta(seconds=room.clock.now() - self._began)
        spent = Spent(room.diary.used(now.date()), room.diary.extra(now.date()), self._told, awake)
        found = household.standing(self.child, now, spent)
        if isinstance(found, Allowed) or (self._bonus and not isinstance(found, Quiet)):
            return False
        self._bonus = False
        if isinstance(found, Quiet):
            self._show(Scene(Act.RESTING, rest=Rest.QUIET, until=found.until))
        else:
            rest = Rest.TIME_OVER if isinstance(found, TimeOver) else Rest.ASLEEP
            self._show(Scene(Act.RESTING, rest=rest, one_more=found.one_more))
        return True

    def _tell(self, choice: Choice) -> None:
        room, known = self._room, self._room.deck.known(choice)
        self.choice, self._title = choice, menus.title(room.deck, choice, self.child.language)
        tale = Tale(
            room.deck.opening(known), room.rng.randrange(1, SEEDS),
            lambda sentence: renamed(sentence, known.name, choice.name),
        )  # fmt: skip
        self._begin(diaries.CHOSE, tale, room.teller.tell)

    def _from_shelf(self, kept: Kept) -> None:
        self.choice = Choice(**{row: kept.choice.get(row, "") for row in ROWS})
        self._title = kept.title
        self._begin(diaries.AGAIN, Tale.of(kept.sentences, kept.seed), None)

    def _begin(self, how: str, tale: Tale, tell: Tell | None, first: int = 0) -> None:
        if self._rests():
            return
        one_more, self._bonus, self._tale = self._bonus, False, tale

        async def job() -> None:
            room = self._room
            room.reader.settle(
                household.pace(self.child, room.wall()), household.volume(self.child, room.wall())
            )
            room.diary.begin(self.child.name, self._title, how, one_more=one_more)
            await self._performance.give(tale, tell, first)
            self._told += 1
            self._end(kept=False)

        self._show(Scene(Act.TELLING, thinks=True))
        self._work_on(lambda: asyncio.create_task(job()))

    def _leave(self) -> None:
        """Whatever is told: silence."""
        self._work_on(None)

    # One job at a time

    def _work_on(self, job: Callable[[], asyncio.Task[None]] | None) -> None:
        self._job = job
        self._wanted.set()
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            job, self._job = self._job, None
            if job is None:
                continue
            self._task = job()
            try:
                await asyncio.wait({self._task})
            finally:
                self._task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._task
                self._task = None

    # What is on the stage

    def _narrated(self) -> None:
        read = self._performance.narration
        if self.scene.act is Act.TELLING:
            self._stage(
                sentences=read.sentences, current=read.current, thinks=read.thinks,
                held=read.held, napping=read.napping, back=read.back,
            )  # fmt: skip

    def _linked(self) -> None:
        sleepy = self._room.sitting.state.board.link in (Link.AWAY, Link.LOST)
        if sleepy != self.scene.sleepy:
            self._stage(sleepy=sleepy)

    def _nap(self) -> Sequence[str]:
        return self._room.stored(self.choice, self._room.rng)

    def _stage(self, **changes: object) -> None:
        self._show(replace(self.scene, **changes))  # type: ignore[arg-type]

    def _show(self, scene: Scene) -> None:
        sleepy = self._room.sitting.state.board.link in (Link.AWAY, Link.LOST)
        self.scene = replace(scene, sleepy=sleepy)
        self._watch()
