"""Row of cards, as many as fit, each with its picture, its label and its digit."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from duotui.pictures import icons
from duotui.story.view_state import ChoiceOption
from duotui.ui.glyphs import Glyphs
from duotui.ui.image_cache import ImageCache
from duotui.ui.widgets.picture import PictureView

CARDS_LIMIT = 9
CARD_WIDTH, LARGE_CARD_WIDTH = 20, 36
"""Columns of a card with a picture of normal and of double size."""


class CardView(Vertical):
    class Picked(Message):
        """`number` from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, glyphs: Glyphs, images: ImageCache | None) -> None:
        super().__init__(classes="story-card")
        self._glyphs, self._images = glyphs, images
        self._number = 0

    def compose(self) -> ComposeResult:
        yield PictureView(self._glyphs, images=self._images)
        yield Static(classes="name")

    def show(self, number: int, option: ChoiceOption, chosen: bool, moving: bool) -> None:
        self._number = number
        self.set_class(chosen, "-chosen")
        picture = self.query_one(PictureView)
        picture.show(icons.named(option.picture))
        picture.moving = chosen and moving
        sign = self._glyphs.choose[1] if chosen else ""
        label = Content(f"{sign}{number} {option.label}")
        self.query_one(Static).update(label.stylize("reverse bold") if chosen else label)

    def on_click(self) -> None:
        self.post_message(self.Picked(self._number))


class CardRow(Horizontal):
    """Scrolls so that the chosen card is always visible."""

    def __init__(self, glyphs: Glyphs, images: ImageCache | None) -> None:
        super().__init__(id="cards")
        self._glyphs, self._images = glyphs, images
        self._options: tuple[ChoiceOption, ...] = ()
        self._at, self._moving = 0, False

    def compose(self) -> ComposeResult:
        for _ in range(CARDS_LIMIT):
            yield CardView(self._glyphs, self._images)

    def show(self, options: Sequence[ChoiceOption], at: int, moving: bool) -> None:
        self._options, self._at, self._moving = tuple(options), at, moving
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    @property
    def _large(self) -> bool:
        """True if three large cards fit, unless all cards fit only when small."""
        count, width = len(self._options), self.size.width
        all_small = width >= count * CARD_WIDTH and width < count * LARGE_CARD_WIDTH
        return self.size.height >= 20 and width >= 3 * LARGE_CARD_WIDTH and not all_small

    def _draw(self) -> None:
        width = LARGE_CARD_WIDTH if self._large else CARD_WIDTH
        fits = max(1, min(CARDS_LIMIT, self.size.width // width))
        first = max(0, min(self._at - fits // 2, len(self._options) - fits))
        self.set_class(self._large, "-large")
        for place, card in enumerate(self.query(CardView)):
            number = first + place
            card.display = place < fits and number < len(self._options)
            if card.display:
                card.show(number + 1, self._options[number], number == self._at, self._moving)
