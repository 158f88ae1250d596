"""Screen of the story: a picture, few words, and no key that can do harm."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import ScreenResume, ScreenSuspend
from textual.widgets import Static

from duotui.base.translation import current_language
from duotui.pictures import icons
from duotui.pictures.icons import Icon
from duotui.story.controller import StoryController
from duotui.story.view_state import RestReason, Step, StoryViewState
from duotui.ui.glyphs import Glyphs
from duotui.ui.image_cache import ImageCache
from duotui.ui.screens.throttled_screen import ThrottledScreen
from duotui.ui.widgets.cards import CardRow, CardView
from duotui.ui.widgets.picture import PictureView
from duotui.ui.widgets.story_page import StoryPage

REDRAWS_A_SECOND = 20
"""Updates of the spoken word per second."""


class StoryScreen(ThrottledScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "move(-1)", show=False, id="card-before"),
        Binding("right,down,tab", "move(1)", show=False, id="card-after"),
        Binding("enter", "go", show=False, id="card"),
        Binding("space", "halt", show=False, id="halt"),
        Binding("backspace,escape", "back", show=False, id="back"),
        Binding("a", "again", show=False, id="again"),
        Binding("n", "next", show=False, id="next"),
        Binding("s", "surprise", show=False, id="surprise"),
        Binding("k", "keep", show=False, id="keep"),
        Binding("f", "favourites", show=False, id="favourites"),
        Binding("v", "hear", show=False, id="hear"),
        *(Binding(str(n), f"pick({n})", show=False) for n in range(1, 10)),
    ]

    def __init__(
        self, controller: StoryController, glyphs: Glyphs, images: ImageCache | None = None
    ) -> None:
        super().__init__()
        self._controller, self._glyphs, self._images = controller, glyphs, images
        self._picture: Icon | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="question")
        with Container(id="stage"):
            with Vertical(id="side"):
                yield PictureView(self._glyphs, images=self._images, id="picture")
                yield Static(id="machine")
            yield StoryPage(self._glyphs)
        yield CardRow(self._glyphs, self._images)
        yield Static(id="hints")

    def on_mount(self) -> None:
        self._controller.subscribe(self.post_news)
        self._controller.open()
        self.set_interval(1 / REDRAWS_A_SECOND, self._follow)
        self.show_news()

    @on(ScreenSuspend)
    @on(ScreenResume)
    def _covered(self) -> None:
        """Redraw the pictures, which look different behind a dialog."""
        for picture in self.query(PictureView):
            picture.refresh()

    def show_news(self) -> None:
        view, moving = self._controller.view, self._controller.parental.motion
        for step in Step:
            self.set_class(view.step is step, f"-{step.replace(' ', '-')}")
        self.set_class(not view.options, "-empty")
        with self.app.batch_update():
            self.query_one("#question", Static).update(self._question(view))
            picture = self.query_one("#picture", PictureView)
            picture.show(self._shown(view))
            picture.moving = moving
            self.query_one("#machine", Static).update(Content(self._machine(view)))
            self.query_one(CardRow).show(view.options, view.cursor, moving)
            self.query_one("#hints", Static).update(self._keys(view))
            self._follow()

    def _follow(self) -> None:
        """Mark the word that is being spoken."""
        view = self._controller.view
        self.query_one(StoryPage).show(view.sentences, view.current, self._controller.word)

    # View

    def _question(self, view: StoryViewState) -> Content:
        strings, word = self._controller.strings, ""
        match view.step:
            case Step.CARDS if view.not_understood:
                word = getattr(strings, view.not_understood)
            case Step.LISTENING:
                word = strings.listening
            case Step.HEARD:
                word = strings.heard.format(wish=view.recognized)
            case Step.CARDS:
                word = (strings.who, strings.where, strings.what)[view.row]
            case Step.SHELF:
                word = strings.favourites if view.options else strings.no_favourites
            case Step.THE_END:
                word = strings.kept if view.saved else strings.the_end
            case Step.TELLING if view.paused:
                word = strings.waiting
            case Step.RESTING if view.rest is RestReason.QUIET and view.until is not None:
                word = strings.quiet.format(time=f"{view.until:%H:%M}")
            case Step.RESTING:
                word = (
                    strings.time_over
                    if view.rest is RestReason.TIME_OVER
                    else strings.asked_to_sleep
                )
        chosen = "".join(f"   {option.label}" for option in view.picked)
        return Content.assemble(
            Content.styled(word, "bold $story-sentence"), Content.styled(chosen, "$story-text")
        )

    def _machine(self, view: StoryViewState) -> str:
        """Status line below the picture."""
        strings = self._controller.strings
        if view.step is Step.TELLING:
            if view.fallback_playing:
                return strings.sleepy
            if view.thinking:
                english = current_language() == "en"
                return strings.thinking if english else f"{strings.thinking}\n{strings.in_english}"
            return strings.awake if view.board_back else ""
        if view.step is Step.CARDS and self._controller.parental.name:
            return strings.hello.format(name=self._controller.parental.name)
        return ""

    def _shown(self, view: StoryViewState) -> Icon:
        if view.step in (Step.LISTENING, Step.HEARD):
            return icons.named("listening")
        if view.step is Step.RESTING:
            return icons.named("night")
        if view.step in (Step.THE_END, Step.SHELF):
            return icons.named("end" if view.options else "book")
        if view.fallback_playing and view.current == 0:
            self._picture = icons.named("asleep")
        elif 0 <= view.current < len(view.sentences):
            self._picture = icons.icon_of_sentence(view.sentences[view.current]) or self._picture
        elif view.thinking:
            self._picture = icons.named("thinking")
        return self._picture or icons.named("awake")

    def _keys(self, view: StoryViewState) -> Content:
        strings = self._controller.strings
        keys: list[tuple[str, str]] = []
        match view.step:
            case Step.CARDS | Step.SHELF | Step.THE_END:
                keys = [(" ".join(self._glyphs.choose), ""), ("Enter", ""), ("S", strings.surprise)]
                if view.step is Step.CARDS:
                    keys += [("F", strings.favourites), ("V", strings.speak)]
            case Step.HEARD:
                keys = [(" ".join(self._glyphs.choose), ""), ("Enter", ""), ("V", strings.speak)]
            case Step.TELLING:
                keys = [
                    (strings.keys_space, strings.go_on if view.paused else strings.stop),
                    ("A", strings.again),
                ]
            case Step.RESTING if view.one_more:
                keys = [("Enter", strings.one_more)]
        return Content("   ").join(
            Content.assemble(Content.styled(f" {key} ", "reverse"), f" {name}" if name else "")
            for key, name in keys
        )

    # Actions

    @on(CardView.Picked)
    def _picked(self, event: CardView.Picked) -> None:
        self._controller.pick(event.number)

    def action_move(self, by: int) -> None:
        self._controller.move(by)

    def action_pick(self, number: int) -> None:
        self._controller.pick(number)

    def action_go(self) -> None:
        self._controller.select()

    def action_halt(self) -> None:
        self._controller.stop()

    def action_back(self) -> None:
        self._controller.back()

    def action_again(self) -> None:
        self._controller.again()

    def action_next(self) -> None:
        self._controller.what_next()

    def action_surprise(self) -> None:
        self._controller.surprise()

    def action_keep(self) -> None:
        self._controller.keep()

    def action_hear(self) -> None:
        self._controller.listen()

    def action_favourites(self) -> None:
        self._controller.favourites()
