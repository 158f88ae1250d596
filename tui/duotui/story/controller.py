"""The story hour: what a child can do, and what is on the stage because of it.

Every key is a method that may be called at any moment; what makes no sense then does nothing. A
screen shows `scene`, and asks `word` for the word that is heard.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from duotui.base.errors import NotReady
from duotui.protocol.tokens import WordMark
from duotui.settings.parental_settings import ParentalSettings
from duotui.story import choices, parental_policy
from duotui.story import diary as diaries
from duotui.story.cards import CARD_ROWS, CardChoice
from duotui.story.catalogue import CatalogueStory
from duotui.story.exclusive_task import ExclusiveTask
from duotui.story.limits import StoryLimits
from duotui.story.services import StoryServices
from duotui.story.story_run import StoryRun, Tell
from duotui.story.strings import StoryStrings
from duotui.story.view_state import ChoiceOption, Step, StoryViewState


class StoryController:
    def __init__(self, services: StoryServices, child: ParentalSettings, say: StoryStrings) -> None:
        self.child, self.say = child, say
        self._services = services
        self._watch: Callable[[], None] = lambda: None
        self._curfew = StoryLimits(services.diary, services.clock, services.wall)
        self.piece: CatalogueStory | None = None
        self._story_run = StoryRun(
            reader=services.reader,
            diary=services.diary,
            clock=services.clock,
            nap=self._fallback_story,
            watch=self._narrated,
        )
        self._jobs = ExclusiveTask(self._failed)
        self._failures: list[str] = []
        self._wish: Mapping[str, str] = {}
        self.scene = StoryViewState()
        self._cards(())
        services.session.subscribe(lambda _state, _batch: self._linked())

    def subscribe(self, watch: Callable[[], None]) -> None:
        self._watch = watch

    def apply_settings(self, child: ParentalSettings, say: StoryStrings) -> None:
        """What parents have settled anew; a story that is told goes on."""
        self.child, self.say = child, say
        if self.scene.act is not Step.TELLING:
            self._cards(())

    def open(self) -> None:
        self._services.session.open()
        self._jobs.open()
        if self.child.microphone != "off" and self._services.voice_input is not None:
            self._services.voice_input.open()

    async def close(self) -> None:
        """Within a second."""
        await self._jobs.close()
        await self._services.close()

    @property
    def alive(self) -> bool:
        """Whether a key can still begin a story."""
        return self._jobs.alive

    @property
    def word(self) -> WordMark | None:
        """The word of the current sentence that is heard now."""
        return self._story_run.read_along.word

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work, in lines for grown-ups."""
        return (*self._services.troubles, *self._failures)

    # Keys

    def move(self, by: int) -> None:
        if self.scene.offers:
            self._view(at=(self.scene.at + by) % len(self.scene.offers))

    def pick(self, number: int) -> None:
        """The card of that number, from 1."""
        if 1 <= number <= len(self.scene.offers):
            self._view(at=number - 1)
            self.go()

    def go(self) -> None:
        """The card under the cursor; a story that is held goes on; one more before sleep."""
        scene = self.scene
        if scene.act is Step.TELLING:
            self._story_run.read_along.hold(False)
        elif scene.act is Step.RESTING:
            self._curfew.bonus = scene.one_more
            self._cards(())
        elif scene.offers:
            self._chosen(scene.offers[scene.at])

    def stop(self) -> None:
        """The one key that stops a story, and lets it go on; elsewhere it is `go`."""
        read_along = self._story_run.read_along
        if self.scene.act is Step.TELLING:
            read_along.hold(not read_along.held)
        else:
            self.go()

    def back(self) -> None:
        """One question back; out of a story, to the cards."""
        if self.scene.act is not Step.RESTING:
            self._jobs.start(None)
            self._cards(self.scene.picked[:-1] if self.scene.act is Step.CARDS else ())

    def surprise(self) -> None:
        if self.scene.act in (Step.CARDS, Step.THE_END, Step.SHELF, Step.HEARD):
            self._tell(self._services.catalogue.drawn(self.child))

    def again(self) -> None:
        if self.scene.act in (Step.TELLING, Step.THE_END):
            self._repeat()

    def what_next(self) -> None:
        if self.scene.act is Step.THE_END:
            self._go_on()

    def keep(self) -> None:
        """Among the favourites."""
        if self.piece is not None and self.scene.act is Step.THE_END:
            self._services.catalogue.keep(self.piece)
            self._end(kept=True)

    def favourites(self) -> None:
        if self.scene.act in (Step.CARDS, Step.THE_END):
            self._show(StoryViewState(Step.SHELF, self._services.catalogue.favourite_options()))

    def choose(self, slots: Mapping[str, str]) -> None:
        """Some of who, where and what, as they were said; the rest is a surprise."""
        drawn = self._services.catalogue.drawn(self.child)
        self._tell(replace(drawn, **{row: slots[row] for row in CARD_ROWS if row in slots}))

    def listen(self) -> None:
        """Listen to what the child wishes, and ask whether it was understood."""
        voice_input = self._services.voice_input
        if self.scene.act not in (Step.CARDS, Step.THE_END, Step.SHELF, Step.HEARD):
            return
        if voice_input is None or self.child.microphone == "off":
            self._missed("cannot_hear")
            return

        async def job() -> None:
            try:
                heard = await voice_input.listen()
            except NotReady:
                self._missed("cannot_hear")
                return
            if heard is None:
                self._missed("not_heard")
            else:
                self._understood(heard.slots)

        self._show(StoryViewState(Step.LISTENING))
        self._jobs.start(job)

    # What follows

    def _missed(self, how: str) -> None:
        self._cards(())
        if self.scene.act is Step.CARDS:
            self._view(missed=how)

    def _understood(self, slots: Mapping[str, str]) -> None:
        """It is asked for before anything begins."""
        labels = choices.wished(self._services.catalogue.deck, slots, self.say, self.child.language)
        self._wish = slots
        self._show(StoryViewState(Step.HEARD, choices.answers(self.say), heard=labels))

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
        if self.scene.act is Step.HEARD:
            self._cards(())

    def _chosen(self, offer: ChoiceOption) -> None:
        scene = self.scene
        match scene.act, offer.key:
            case Step.CARDS, _:
                picked = (*scene.picked, offer)
                if len(picked) < len(CARD_ROWS):
                    self._cards(picked)
                else:
                    who, where, what = (card.key for card in picked)
                    self._tell(
                        CardChoice(
                            who=who,
                            where=where,
                            what=what,
                            name=self.child.name,
                            own=self.child.is_a,
                        )
                    )
            case Step.THE_END, choices.KEY_AGAIN:
                self.again()
            case Step.THE_END, choices.KEY_NEXT:
                self.what_next()
            case Step.THE_END, choices.KEY_KEEP:
                self.keep()
            case Step.HEARD, choices.KEY_YES:
                self._wished()
            case Step.SHELF, number:
                self._begin(
                    diaries.DIARY_AGAIN, self._services.catalogue.favourite(int(number)), None
                )
            case _:
                self._cards(())

    def _cards(self, picked: tuple[ChoiceOption, ...]) -> None:
        rest = self._curfew.rest(self.child)
        if rest is not None:
            self._show(rest)
            return
        row = len(picked)
        offers = choices.cards(self._services.catalogue.deck, row, self.child.language)
        self._show(StoryViewState(Step.CARDS, offers, row=row, picked=picked))

    def _end(self, *, kept: bool) -> None:
        shown = self._story_run.read_along.sentences
        self._show(
            StoryViewState(
                Step.THE_END,
                choices.ending(self.say, kept=kept),
                sentences=shown,
                current=len(shown),
                kept=kept,
            )
        )

    def _repeat(self) -> None:
        if self.piece is not None and self.piece.generated.over:
            self._begin(diaries.DIARY_AGAIN, self.piece, None)

    def _go_on(self) -> None:
        piece = self.piece
        if piece is not None and piece.generated.over:
            first = len(piece.generated.sentences)
            self._begin(
                diaries.DIARY_NEXT, piece, self._services.catalogue.generator.continue_story, first
            )

    def _tell(self, choice: CardChoice) -> None:
        catalogue = self._services.catalogue
        piece = catalogue.new(choice, self.child.language)
        self._begin(diaries.DIARY_CHOSE, piece, catalogue.generator.generate)

    def _begin(self, how: str, piece: CatalogueStory, tell: Tell | None, first: int = 0) -> None:
        rest = self._curfew.rest(self.child)
        if rest is not None:
            self._show(rest)
            return
        one_more, self.piece, services = self._curfew.story_started(), piece, self._services

        async def job() -> None:
            now = services.wall()
            services.reader.configure(
                parental_policy.pace(self.child, now), parental_policy.volume(self.child, now)
            )
            services.diary.begin(self.child.name, piece.title, how, one_more=one_more)
            await self._story_run.run(piece.generated, tell, first)
            self._curfew.told += 1
            self._end(kept=False)

        self._show(StoryViewState(Step.TELLING, thinks=True))
        self._jobs.start(job)

    # What is on the stage

    def _narrated(self) -> None:
        read = self._story_run.read_along
        if self.scene.act is Step.TELLING:
            self._view(
                sentences=read.sentences,
                current=read.current,
                thinks=read.thinks,
                held=read.held,
                napping=read.napping,
                back=read.back,
            )

    def _linked(self) -> None:
        if self._services.sleepy != self.scene.sleepy:
            self._show(self.scene)

    def _failed(self, error: Exception) -> None:
        """A child sees the cards again; a grown-up, what it was."""
        self._failures.append(f"{type(error).__name__}: {error}")
        self._cards(())

    def _fallback_story(self) -> Sequence[str]:
        assert self.piece is not None
        return self._services.catalogue.while_away(self.piece)

    def _view(self, **changes: object) -> None:
        self._show(replace(self.scene, **changes))  # type: ignore[arg-type]

    def _show(self, scene: StoryViewState) -> None:
        self.scene = replace(scene, sleepy=self._services.sleepy)
        self._watch()
