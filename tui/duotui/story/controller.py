"""The story hour: what a child can do, and what is on the stage because of it.

Every key is a method that may be called at any moment; what makes no sense then does nothing. A
screen shows `scene`, and asks `word` for the word that is heard.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from duotui.base.errors import NotReady
from duotui.protocol.events import Mark
from duotui.settings.parental_settings import Household
from duotui.story import choices, parental_policy
from duotui.story import diary as diaries
from duotui.story.cards import ROWS, Choice
from duotui.story.catalogue import Piece
from duotui.story.exclusive_task import Jobs
from duotui.story.limits import Curfew
from duotui.story.services import Room
from duotui.story.story_run import Performance, Tell
from duotui.story.strings import Phrases
from duotui.story.view_state import Act, Offer, Scene


class Hour:
    def __init__(self, room: Room, child: Household, say: Phrases) -> None:
        self.child, self.say = child, say
        self._room = room
        self._watch: Callable[[], None] = lambda: None
        self._curfew = Curfew(room.diary, room.clock, room.wall)
        self.piece: Piece | None = None
        self._performance = Performance(
            room.reader, room.diary, room.clock, self._nap, self._narrated
        )
        self._jobs = Jobs(self._failed)
        self._failures: list[str] = []
        self._wish: Mapping[str, str] = {}
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
        self._jobs.open()
        if self.child.microphone != "off" and self._room.listening is not None:
            self._room.listening.open()

    async def close(self) -> None:
        """Within a second."""
        await self._jobs.close()
        await self._room.close()

    @property
    def alive(self) -> bool:
        """Whether a key can still begin a story."""
        return self._jobs.alive

    @property
    def word(self) -> Mark | None:
        """The word of the current sentence that is heard now."""
        return self._performance.narration.word

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work, in lines for grown-ups."""
        return (*self._room.troubles, *self._failures)

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
            self._curfew.bonus = scene.one_more
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
            self._jobs.begin(None)
            self._cards(self.scene.picked[:-1] if self.scene.act is Act.CARDS else ())

    def surprise(self) -> None:
        if self.scene.act in (Act.CARDS, Act.THE_END, Act.SHELF, Act.HEARD):
            self._tell(self._room.repertoire.drawn(self.child))

    def again(self) -> None:
        if self.scene.act in (Act.TELLING, Act.THE_END):
            self._repeat()

    def what_next(self) -> None:
        if self.scene.act is Act.THE_END:
            self._go_on()

    def keep(self) -> None:
        """Among the favourites."""
        if self.piece is not None and self.scene.act is Act.THE_END:
            self._room.repertoire.keep(self.piece)
            self._end(kept=True)

    def favourites(self) -> None:
        if self.scene.act in (Act.CARDS, Act.THE_END):
            self._show(Scene(Act.SHELF, self._room.repertoire.favourites()))

    def choose(self, slots: Mapping[str, str]) -> None:
        """Some of who, where and what, as they were said; the rest is a surprise."""
        drawn = self._room.repertoire.drawn(self.child)
        self._tell(replace(drawn, **{row: slots[row] for row in ROWS if row in slots}))

    def hear(self) -> None:
        """Listen to what the child wishes, and ask whether it was understood."""
        listening = self._room.listening
        if self.scene.act not in (Act.CARDS, Act.THE_END, Act.SHELF, Act.HEARD):
            return
        if listening is None or self.child.microphone == "off":
            self._missed("cannot_hear")
            return

        async def job() -> None:
            try:
                heard = await listening.hear()
            except NotReady:
                self._missed("cannot_hear")
                return
            if heard is None:
                self._missed("not_heard")
            else:
                self._understood(heard.slots)

        self._show(Scene(Act.LISTENING))
        self._jobs.begin(job)

    # What follows

    def _missed(self, how: str) -> None:
        self._cards(())
        if self.scene.act is Act.CARDS:
            self._stage(missed=how)

    def _understood(self, slots: Mapping[str, str]) -> None:
        """It is asked for before anything begins."""
        labels = choices.wished(self._room.repertoire.deck, slots, self.say, self.child.language)
        self._wish = slots
        self._show(Scene(Act.HEARD, choices.answers(self.say), heard=labels))

    def _wished(self) -> None:
        match self._wish.get("command"):
            case "again":
                self._repeat()
            case "next":
                self._go_on()
            case "surprise":
                self.surprise()
            case _:
                self.choose(self._wish)
        if self.scene.act is Act.HEARD:
            self._cards(())

    def _chosen(self, offer: Offer) -> None:
        scene = self.scene
        match scene.act, offer.key:
            case Act.CARDS, _:
                picked = (*scene.picked, offer)
                if len(picked) < len(ROWS):
                    self._cards(picked)
                else:
                    who, where, what = (card.key for card in picked)
                    self._tell(Choice(who, where, what, self.child.name, self.child.is_a))
            case Act.THE_END, choices.AGAIN:
                self.again()
            case Act.THE_END, choices.NEXT:
                self.what_next()
            case Act.THE_END, choices.KEEP:
                self.keep()
            case Act.HEARD, choices.YES:
                self._wished()
            case Act.SHELF, number:
                self._begin(diaries.AGAIN, self._room.repertoire.favourite(int(number)), None)
            case _:
                self._cards(())

    def _cards(self, picked: tuple[Offer, ...]) -> None:
        rest = self._curfew.rest(self.child)
        if rest is not None:
            self._show(rest)
            return
        row = len(picked)
        offers = choices.cards(self._room.repertoire.deck, row, self.child.language)
        self._show(Scene(Act.CARDS, offers, row=row, picked=picked))

    def _end(self, *, kept: bool) -> None:
        shown = self._performance.narration.sentences
        self._show(
            Scene(
                Act.THE_END,
                choices.ending(self.say, kept=kept),
                sentences=shown,
                current=len(shown),
                kept=kept,
            )
        )

    def _repeat(self) -> None:
        if self.piece is not None and self.piece.tale.over:
            self._begin(diaries.AGAIN, self.piece, None)

    def _go_on(self) -> None:
        piece = self.piece
        if piece is not None and piece.tale.over:
            first = len(piece.tale.sentences)
            self._begin(diaries.NEXT, piece, self._room.repertoire.teller.tell_on, first)

    def _tell(self, choice: Choice) -> None:
        repertoire = self._room.repertoire
        piece = repertoire.new(choice, self.child.language)
        self._begin(diaries.CHOSE, piece, repertoire.teller.tell)

    def _begin(self, how: str, piece: Piece, tell: Tell | None, first: int = 0) -> None:
        rest = self._curfew.rest(self.child)
        if rest is not None:
            self._show(rest)
            return
        one_more, self.piece, room = self._curfew.begin(), piece, self._room

        async def job() -> None:
            now = room.wall()
            room.reader.settle(
                parental_policy.pace(self.child, now), parental_policy.volume(self.child, now)
            )
            room.diary.begin(self.child.name, piece.title, how, one_more=one_more)
            await self._performance.give(piece.tale, tell, first)
            self._curfew.told += 1
            self._end(kept=False)

        self._show(Scene(Act.TELLING, thinks=True))
        self._jobs.begin(job)

    # What is on the stage

    def _narrated(self) -> None:
        read = self._performance.narration
        if self.scene.act is Act.TELLING:
            self._stage(
                sentences=read.sentences,
                current=read.current,
                thinks=read.thinks,
                held=read.held,
                napping=read.napping,
                back=read.back,
            )

    def _linked(self) -> None:
        if self._room.sleepy != self.scene.sleepy:
            self._show(self.scene)

    def _failed(self, error: Exception) -> None:
        """A child sees the cards again; a grown-up, what it was."""
        self._failures.append(f"{type(error).__name__}: {error}")
        self._cards(())

    def _nap(self) -> Sequence[str]:
        assert self.piece is not None
        return self._room.repertoire.while_away(self.piece)

    def _stage(self, **changes: object) -> None:
        self._show(replace(self.scene, **changes))  # type: ignore[arg-type]

    def _show(self, scene: Scene) -> None:
        self.scene = replace(scene, sleepy=self._room.sleepy)
        self._watch()
