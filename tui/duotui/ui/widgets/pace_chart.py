"""Chart of progress at one moment: this run, and others at their recorded or published rates."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from duotui.base.text_width import fitted
from duotui.base.translation import gettext as _
from duotui.ui import gauge_text
from duotui.ui.glyphs import Glyphs

LANE_NAME_WIDTH, FIGURE_WIDTH = 23, 27


@dataclass(frozen=True, slots=True)
class Lane:
    """`told` of `limit` tokens, at `rate` tok/s."""

    name: str
    told: float
    limit: int
    rate: float
    ours: bool = False


class PaceChart(Widget):
    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="race")
        self._glyphs = glyphs
        self._lanes: tuple[Lane, ...] = ()

    def show(self, lanes: Sequence[Lane]) -> None:
        if tuple(lanes) != self._lanes:
            more = len(lanes) != len(self._lanes)
            self._lanes = tuple(lanes)
            self.refresh(layout=more)

    def render(self) -> Content:
        return Content("\n").join(self._lane(lane) for lane in self._lanes)

    def _lane(self, lane: Lane) -> Content:
        width = max(4, self.size.width - LANE_NAME_WIDTH - FIGURE_WIDTH)
        done, rest = self._glyphs.bar(lane.told / lane.limit if lane.limit else 0.0, width)
        figure = _(
            " {told:>4.0f} of {limit:<4} {rate:>6} tok/s",
            told=lane.told,
            limit=lane.limit,
            rate=gauge_text.rate(lane.rate),
        )
        tone = "$duo-rate" if lane.ours else "$duo-baseline"
        return Content.assemble(
            Content.styled(
                fitted(lane.name, LANE_NAME_WIDTH),
                "bold" if lane.ours else "$foreground 70%",
            ),
            Content.styled(done, tone),
            Content.styled(rest, "$foreground 30%"),
            Content.styled(figure, "bold" if lane.ours else "$foreground 70%"),
        )
