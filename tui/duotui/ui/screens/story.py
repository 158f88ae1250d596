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
from duotui.pictures.icons import Picture
from duotui.story.controller import Hour
from duotui.story.view_state import Act, Rest, Scene
from duotui.ui.glyphs import Glyphs
from duotui.ui.image_cache import Easel
from duotui.ui.screens.live_screen import ListeningScreen
from duotui.ui.widgets.cards import Card, CardRow
from duotui.ui.widgets.picture import PictureView
from duotui.ui.widgets.story_page import Page

FRAMES = 20
"""A second in which the word that is heard is looked for."""


class HourScreen(ListeningScreen):
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

    def __init__(self, hour: Hour, glyphs: Glyphs, easel: Easel | None = None) -> None:
        super().__init__()
        self._hour, self._glyphs, self._easel = hour, glyphs, easel
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="question")
        with Container(id="stage"):
            with Vertical(id="side"):
                yield PictureView(self._glyphs, easel=self._easel, id="picture")
                yield Static(id="machine")
            yield Page(self._glyphs)
        yield CardRow(self._glyphs, self._easel)
        yield Static(id="hints")

    def on_mount(self) -> None:
        self._hour.listen(self.listen)
        self._hour.open()
        self.set_interval(1 / FRAMES, self._follow)
        self.show_news()

    @on(ScreenSuspend)
    @on(ScreenResume)
    def _covered(self) -> None:
        """Pictures look otherwise behind a dialog."""
        for picture in self.query(PictureView):
            picture.refresh()

    def show_news(self) -> None:
        scene, moving = self._hour.scene, self._hour.child.motion
        for act in Act:
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
        scene = self._hour.scene
        self.query_one(Page).show(scene.sentences, scene.current, self._hour.word)

    # What is shown

    def _question(self, scene: Scene) -> Content:
        say, word = self._hour.say, ""
        match scene.act:
            case Act.CARDS if scene.missed:
                word = getattr(say, scene.missed)
            case Act.LISTENING:
                word = say.listening
            case Act.HEARD:
                word = say.heard.format(scene.heard)
            case Act.CARDS:
                word = (say.who, say.where, say.what)[scene.row]
            case Act.SHELF:
                word = say.favourites if scene.offers else say.no_favourites
            case Act.THE_END:
                word = say.kept if scene.kept else say.the_end
            case Act.TELLING if scene.held:
                word = say.waiting
            case Act.RESTING if scene.rest is Rest.QUIET and scene.until is not None:
                word = say.quiet.format(f"{scene.until:%H:%M}")
            case Act.RESTING:
                word = say.time_over if scene.rest is Rest.TIME_OVER else say.asked_to_sleep
        chosen = "".join(f"   {offer.label}" for offer in scene.picked)
        return Content.assemble(
            Content.styled(word, "bold $story-sentence"), Content.styled(chosen, "$story-text")
        )

    def _machine(self, scene: Scene) -> str:
        """What the story machine says of itself."""
        say = self._hour.say
        if scene.act is Act.TELLING:
            if scene.napping:
                return say.sleepy
            return say.thinking if scene.thinks else say.awake if scene.back else ""
        if scene.act is Act.CARDS and self._hour.child.name:
            return say.hello.format(self._hour.child.name)
        return ""

    def _shown(self, scene: Scene) -> Picture:
        if scene.act in (Act.LISTENING, Act.HEARD):
            return icons.named("listening")
        if scene.act is Act.RESTING:
            return icons.named("night")
        if scene.act in (Act.THE_END, Act.SHELF):
            return icons.named("end" if scene.offers else "book")
        if scene.napping and scene.current == 0:
            self._picture = icons.named("asleep")
        elif 0 <= scene.current < len(scene.sentences):
            self._picture = icons.of(scene.sentences[scene.current]) or self._picture
        elif scene.thinks:
            self._picture = icons.named("thinking")
        return self._picture or icons.named("awake")

    def _keys(self, scene: Scene) -> Content:
        say = self._hour.say
        told: list[tuple[str, str]] = []
        match scene.act:
            case Act.CARDS | Act.SHELF | Act.THE_END:
                told = [(" ".join(self._glyphs.choose), ""), ("Enter", ""), ("S", say.surprise)]
                if scene.act is Act.CARDS:
                    told += [("F", say.favourites), ("V", say.speak)]
            case Act.HEARD:
                told = [(" ".join(self._glyphs.choose), ""), ("Enter", ""), ("V", say.speak)]
            case Act.TELLING:
                told = [(say.keys_space, say.go_on if scene.held else say.stop), ("A", say.again)]
            case Act.RESTING if scene.one_more:
                told = [("Enter", say.one_more)]
        return Content("   ").join(
            Content.assemble(Content.styled(f" {key} ", "reverse"), f" {name}" if name else "")
            for key, name in told
        )

    # What the child does

    @on(Card.Picked)
    def _picked(self, event: Card.Picked) -> None:
        self._hour.pick(event.number)

    def action_move(self, by: int) -> None:
        self._hour.move(by)

    def action_pick(self, number: int) -> None:
        self._hour.pick(number)

    def action_go(self) -> None:
        self._hour.go()

    def action_halt(self) -> None:
        self._hour.halt()

    def action_back(self) -> None:
        self._hour.back()

    def action_again(self) -> None:
        self._hour.again()

    def action_next(self) -> None:
        self._hour.what_next()

    def action_surprise(self) -> None:
        self._hour.surprise()

    def action_keep(self) -> None:
        self._hour.keep()

    def action_hear(self) -> None:
        self._hour.hear()

    def action_favourites(self) -> None:
        self._hour.favourites()
