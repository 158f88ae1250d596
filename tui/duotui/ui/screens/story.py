"""The story hour on a screen: one picture, few words, and no key that can do harm."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import ScreenResume, ScreenSuspend
from textual.widgets import Static

from duotui.pictures import icons
from duotui.pictures.icons import Icon
from duotui.story.controller import StoryController
from duotui.story.view_state import RestReason, Step, StoryViewState
from duotui.ui.glyphs import Glyphs
from duotui.ui.image_cache import ImageCache
from duotui.ui.screens.live_screen import LiveScreen
from duotui.ui.widgets.cards import CardRow, CardView
from duotui.ui.widgets.picture import PictureView
from duotui.ui.widgets.story_page import StoryPage

FRAMES_A_SECOND = 20
"""A second in which the word that is heard is looked for."""


class StoryScreen(LiveScreen):
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
        self.set_interval(1 / FRAMES_A_SECOND, self._follow)
        self.show_news()

    @on(ScreenSuspend)
    @on(ScreenResume)
    def _covered(self) -> None:
        """Pictures look otherwise behind a dialog."""
        for picture in self.query(PictureView):
            picture.refresh()

    def show_news(self) -> None:
        scene, moving = self._controller.scene, self._controller.child.motion
        for act in Step:
            self.set_class(scene.act is act, f"-{act.replace(' ', '-')}")
        self.set_class(not scene.offers, "-empty")
        with self.app.batch_update():
            self.query_one("#question", Static).update(self._question(scene))
            picture = self.query_one("#picture", PictureView)
            picture.show(self._shown(scene))
            picture.moving = moving
            self.query_one("#machine", Static).update(Content(self._machine(scene)))
            self.query_one(CardRow).show(scene.offers, scene.at, moving)
            self.query_one("#hints", Static).update(self._keys(scene))
            self._follow()

    def _follow(self) -> None:
        """The word that is heard by now."""
        scene = self._controller.scene
        self.query_one(StoryPage).show(scene.sentences, scene.current, self._controller.word)

    # What is shown

    def _question(self, scene: StoryViewState) -> Content:
        say, word = self._controller.say, ""
        match scene.act:
            case Step.CARDS if scene.missed:
                word = getattr(say, scene.missed)
            case Step.LISTENING:
                word = say.listening
            case Step.HEARD:
                word = say.heard.format(scene.heard)
            case Step.CARDS:
                word = (say.who, say.where, say.what)[scene.row]
            case Step.SHELF:
                word = say.favourites if scene.offers else say.no_favourites
            case Step.THE_END:
                word = say.kept if scene.kept else say.the_end
            case Step.TELLING if scene.held:
                word = say.waiting
            case Step.RESTING if scene.rest is RestReason.QUIET and scene.until is not None:
                word = say.quiet.format(f"{scene.until:%H:%M}")
            case Step.RESTING:
                word = say.time_over if scene.rest is RestReason.TIME_OVER else say.asked_to_sleep
        chosen = "".join(f"   {offer.label}" for offer in scene.picked)
        return Content.assemble(
            Content.styled(word, "bold $story-sentence"), Content.styled(chosen, "$story-text")
        )

    def _machine(self, scene: StoryViewState) -> str:
        """What the story machine says of itself."""
        say = self._controller.say
        if scene.act is Step.TELLING:
            if scene.napping:
                return say.sleepy
            return say.thinking if scene.thinks else say.awake if scene.back else ""
        if scene.act is Step.CARDS and self._controller.child.name:
            return say.hello.format(self._controller.child.name)
        return ""

    def _shown(self, scene: StoryViewState) -> Icon:
        if scene.act in (Step.LISTENING, Step.HEARD):
            return icons.named("listening")
        if scene.act is Step.RESTING:
            return icons.named("night")
        if scene.act in (Step.THE_END, Step.SHELF):
            return icons.named("end" if scene.offers else "book")
        if scene.napping and scene.current == 0:
            self._picture = icons.named("asleep")
        elif 0 <= scene.current < len(scene.sentences):
            self._picture = icons.icon_of_sentence(scene.sentences[scene.current]) or self._picture
        elif scene.thinks:
            self._picture = icons.named("thinking")
        return self._picture or icons.named("awake")

    def _keys(self, scene: StoryViewState) -> Content:
        say = self._controller.say
        told: list[tuple[str, str]] = []
        match scene.act:
            case Step.CARDS | Step.SHELF | Step.THE_END:
                told = [(" ".join(self._glyphs.choose), ""), ("Enter", ""), ("S", say.surprise)]
                if scene.act is Step.CARDS:
                    told += [("F", say.favourites), ("V", say.speak)]
            case Step.HEARD:
                told = [(" ".join(self._glyphs.choose), ""), ("Enter", ""), ("V", say.speak)]
            case Step.TELLING:
                told = [(say.keys_space, say.go_on if scene.held else say.stop), ("A", say.again)]
            case Step.RESTING if scene.one_more:
                told = [("Enter", say.one_more)]
        return Content("   ").join(
            Content.assemble(Content.styled(f" {key} ", "reverse"), f" {name}" if name else "")
            for key, name in told
        )

    # What the child does

    @on(CardView.Picked)
    def _picked(self, event: CardView.Picked) -> None:
        self._controller.pick(event.number)

    def action_move(self, by: int) -> None:
        self._controller.move(by)

    def action_pick(self, number: int) -> None:
        self._controller.pick(number)

    def action_go(self) -> None:
        self._controller.go()

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
