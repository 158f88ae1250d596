"""Controller of the story screen: turns keys and wishes into its view.

Each key is a method that may be called at any moment; a key without a meaning in the current step
does nothing. The screen shows `view` and polls `word` for the word that is being spoken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from duotui.base.errors import NotReady
from duotui.base.translation import current_language
from duotui.protocol.tokens import WordMark
from duotui.settings.parental_settings import ParentalSettings
from duotui.story import choices, parental_policy
from duotui.story import diary as diaries
from duotui.story.cards import CARD_ROWS, CardChoice
from duotui.story.catalogue import CatalogueStory
from duotui.story.exclusive_task import ExclusiveTask
from duotui.story.limits import StoryLimits
from duotui.story.services import StoryServices
from duotui.story.story_run import GenerateStory, StoryRun
from duotui.story.strings import StoryStrings
from duotui.story.view_state import ChoiceOption, Step, StoryViewState


class StoryController:
    def __init__(
        self, services: StoryServices, parental: ParentalSettings, strings: StoryStrings
    ) -> None:
        self.parental, self.strings = parental, strings
        self._services = services
        self._on_change: Callable[[], None] = lambda: None
        self._limits = StoryLimits(services.diary, services.clock, services.wall)
        self.story: CatalogueStory | None = None
        self._story_run = StoryRun(
            tts=services.tts,
            diary=services.diary,
            clock=services.clock,
            fallback_story=self._fallback_story,
            on_change=self._on_read_along,
        )
        self._task = ExclusiveTask(self._on_error)
        self._failures: list[str] = []
        self._spoken_slots: Mapping[str, str] = {}
        self.view = StoryViewState()
        self._show_cards(())
        services.session.subscribe(lambda _state, _batch: self._on_session())

    def subscribe(self, watch: Callable[[], None]) -> None:
        self._on_change = watch

    def apply_settings(self, parental: ParentalSettings, strings: StoryStrings) -> None:
        """Use new parental settings; a story in progress goes on."""
        self.parental, self.strings = parental, strings
        if self.view.step is not Step.TELLING:
            self._show_cards(())

    def open(self) -> None:
        self._services.session.open()
        self._task.open()
        if self.parental.microphone != "off" and self._services.voice_input is not None:
            self._services.voice_input.open()

    async def close(self) -> None:
        """Close the session and the audio; takes at most a second."""
        await self._task.close()
        await self._services.close()

    @property
    def alive(self) -> bool:
        """True if a key can still start a story."""
        return self._task.alive

    @property
    def word(self) -> WordMark | None:
        """The word of the current sentence that is being spoken."""
        return self._story_run.read_along.word

    @property
    def troubles(self) -> tuple[str, ...]:
        """Faults, a line each, for adults."""
        return (*self._services.troubles, *self._failures)

    # Keys

    def move(self, by: int) -> None:
        if self.view.options:
            self._update(cursor=(self.view.cursor + by) % len(self.view.options))

    def pick(self, number: int) -> None:
        """Select the option of that number, from 1."""
        if 1 <= number <= len(self.view.options):
            self._update(cursor=number - 1)
            self.select()

    def select(self) -> None:
        """Select the option at the cursor, resume a paused story, or allow one more story."""
        view = self.view
        if view.step is Step.TELLING:
            self._story_run.read_along.pause(False)
        elif view.step is Step.RESTING:
            self._limits.bonus = view.one_more
            self._show_cards(())
        elif view.options:
            self._select_option(view.options[view.cursor])

    def stop(self) -> None:
        """Pause or resume the story; in any other step the same as `select`."""
        read_along = self._story_run.read_along
        if self.view.step is Step.TELLING:
            read_along.pause(not read_along.paused)
        else:
            self.select()

    def back(self) -> None:
        """Return to the question before, or from a story to the cards."""
        if self.view.step is not Step.RESTING:
            self._task.start(None)
            self._show_cards(self.view.picked[:-1] if self.view.step is Step.CARDS else ())

    def surprise(self) -> None:
        if self.view.step in (Step.CARDS, Step.THE_END, Step.SHELF, Step.HEARD):
            self._start_new(self._services.catalogue.draw(self.parental))

    def again(self) -> None:
        if self.view.step in (Step.TELLING, Step.THE_END):
            self._repeat()

    def what_next(self) -> None:
        if self.view.step is Step.THE_END:
            self._continue()

    def keep(self) -> None:
        """Add the story to the favourites."""
        if self.story is not None and self.view.step is Step.THE_END:
            self._services.catalogue.save(self.story)
            self._show_end(kept=True)

    def favourites(self) -> None:
        if self.view.step in (Step.CARDS, Step.THE_END):
            self._show(StoryViewState(Step.SHELF, self._services.catalogue.favourite_options()))

    def choose(self, slots: Mapping[str, str]) -> None:
        """Start a story with the recognized `slots`; other cards are drawn at random."""
        drawn = self._services.catalogue.draw(self.parental)
        self._start_new(replace(drawn, **{row: slots[row] for row in CARD_ROWS if row in slots}))

    def listen(self) -> None:
        """Recognize a spoken wish and ask the child to confirm it."""
        voice_input = self._services.voice_input
        if self.view.step not in (Step.CARDS, Step.THE_END, Step.SHELF, Step.HEARD):
            return
        if voice_input is None or self.parental.microphone == "off":
            self._show_not_understood("cannot_hear")
            return

        async def job() -> None:
            try:
                recognition = await voice_input.listen()
            except NotReady:
                self._show_not_understood("cannot_hear")
                return
            if recognition is None:
                self._show_not_understood("not_heard")
            else:
                self._ask_confirmation(recognition.slots)

        self._show(StoryViewState(Step.LISTENING))
        self._task.start(job)

    # Transitions

    def _show_not_understood(self, reason: str) -> None:
        self._show_cards(())
        if self.view.step is Step.CARDS:
            self._update(not_understood=reason)

    def _ask_confirmation(self, slots: Mapping[str, str]) -> None:
        """Show the recognized wish; nothing starts until the child confirms it."""
        labels = choices.wish_text(
            self._services.catalogue.deck, slots, self.strings, current_language()
        )
        self._spoken_slots = slots
        self._show(StoryViewState(Step.HEARD, choices.answers(self.strings), recognized=labels))

    def _follow_speech(self) -> None:
        match self._spoken_slots.get("command"):
            case "again":
                self._repeat()
            case "next":
                self._continue()
            case "surprise":
                self.surprise()
            case _:
                self.choose(self._spoken_slots)
        if self.view.step is Step.HEARD:
            self._show_cards(())

    def _select_option(self, option: ChoiceOption) -> None:
        view = self.view
        match view.step, option.key:
            case Step.CARDS, _:
                picked = (*view.picked, option)
                if len(picked) < len(CARD_ROWS):
                    self._show_cards(picked)
                else:
                    parental = self.parental
                    self._start_new(choices.card_choice(picked, parental.name, parental.is_a))
            case Step.THE_END, choices.KEY_AGAIN:
                self.again()
            case Step.THE_END, choices.KEY_NEXT:
                self.what_next()
            case Step.THE_END, choices.KEY_KEEP:
                self.keep()
            case Step.HEARD, choices.KEY_YES:
                self._follow_speech()
            case Step.SHELF, number:
                self._start(
                    diaries.DIARY_AGAIN, self._services.catalogue.favourite(int(number)), None
                )
            case _:
                self._show_cards(())

    def _show_cards(self, picked: tuple[ChoiceOption, ...]) -> None:
        rest = self._limits.rest(self.parental)
        if rest is not None:
            self._show(rest)
            return
        row = len(picked)
        options = choices.cards(self._services.catalogue.deck, row, current_language())
        self._show(StoryViewState(Step.CARDS, options, row=row, picked=picked))

    def _show_end(self, *, kept: bool) -> None:
        sentences = self._story_run.read_along.sentences
        options = choices.ending(self.strings, kept=kept)
        self._show(StoryViewState.the_end(options, sentences, saved=kept))

    def _repeat(self) -> None:
        if self.story is not None and self.story.generated.over:
            self._start(diaries.DIARY_AGAIN, self.story, None)

    def _continue(self) -> None:
        story = self.story
        if story is not None and story.generated.over:
            generate = self._services.catalogue.generator.continue_story
            self._start(diaries.DIARY_NEXT, story, generate, len(story.generated.sentences))

    def _start_new(self, choice: CardChoice) -> None:
        catalogue = self._services.catalogue
        story = catalogue.new(choice, current_language())
        self._start(diaries.DIARY_CHOSE, story, catalogue.generator.generate)

    def _start(
        self, how: str, story: CatalogueStory, generate: GenerateStory | None, first: int = 0
    ) -> None:
        rest = self._limits.rest(self.parental)
        if rest is not None:
            self._show(rest)
            return
        one_more, self.story, services = self._limits.story_started(), story, self._services

        async def job() -> None:
            now = services.wall()
            services.tts.configure(
                parental_policy.pace(self.parental, now), parental_policy.volume(self.parental, now)
            )
            services.diary.begin(self.parental.name, story.title, how, one_more=one_more)
            await self._story_run.run(story.generated, generate, first)
            self._limits.told += 1
            self._show_end(kept=False)

        self._show(StoryViewState(Step.TELLING, thinking=True))
        self._task.start(job)

    # View updates

    def _on_read_along(self) -> None:
        read = self._story_run.read_along
        if self.view.step is Step.TELLING:
            self._update(**read.view_changes())

    def _on_session(self) -> None:
        if self._services.board_away != self.view.board_away:
            self._show(self.view)

    def _on_error(self, error: Exception) -> None:
        """Return the child to the cards, and keep the error for adults in `troubles`."""
        self._failures.append(f"{type(error).__name__}: {error}")
        self._show_cards(())

    def _fallback_story(self) -> Sequence[str]:
        assert self.story is not None
        return self._services.catalogue.fallback_sentences(self.story)

    def _update(self, **changes: object) -> None:
        self._show(replace(self.view, **changes))  # type: ignore[arg-type]

    def _show(self, view: StoryViewState) -> None:
        self.view = replace(view, board_away=self._services.board_away)
        self._on_change()
