"""Chart of tok/s: a column per run, dropped runs crossed out."""

from textual.content import Content
from textual.widget import Widget

from duotui.base.translation import gettext as _
from duotui.scoring.mean_rate import Score
from duotui.ui import gauge_text
from duotui.ui.glyphs import Glyphs

LABEL_WIDTH = 9
"""Columns for the scale at the left."""


def scale(score: Score) -> tuple[float, float]:
    """Lowest and highest rate of the chart: close to the data, so that the spread is visible."""
    low, high = min(score.rates), max(score.rates)
    room = max((high - low) * 0.1, high * 0.002) or 1.0  # a recording may have rates of 0
    return max(0.0, low - room), high + room


class RunChart(Widget):
    """Needs at least three rows; the last one numbers the runs."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="runs")
        self._glyphs = glyphs
        self._score: Score | None = None
        self._wanted = 0

    def show(self, score: Score | None, wanted: int) -> None:
        if (score, wanted) != (self._score, self._wanted):
            self._score, self._wanted = score, wanted
            self.refresh()

    def render(self) -> Content:
        height, wide = self.size.height - 1, self._column_width()
        score = self._score
        if score is None or height < 1:
            return Content.styled(_("The runs are drawn here, one by one."), "$foreground 60%")
        low, high = scale(score)
        levels = self._glyphs.levels
        steps = len(levels) - 1
        rows = []
        for row in reversed(range(height)):
            edge = {height - 1: high, 0: low}.get(row)
            parts = [
                Content.styled(
                    (gauge_text.rate(edge) if edge else "").rjust(LABEL_WIDTH - 1) + " ",
                    "$foreground 60%",
                )
            ]
            for index, rate in enumerate(score.rates):
                tall = max(1, round((rate - low) / (high - low) * height * steps))
                filled = max(0, min(steps, tall - row * steps))
                dropped = index in score.dropped
                cell = levels[filled]
                if dropped and filled:
                    cell = self._glyphs.dropped
                tone = "$text-error" if dropped else "$duo-rate"
                parts.append(Content.styled((cell * (wide - 1 or 1)).ljust(wide), tone))
            rows.append(Content.assemble(*parts))
        rows.append(Content.styled(self._numbers(wide, score), "$foreground 60%"))
        return Content("\n").join(rows)

    def _column_width(self) -> int:
        return max(1, min(6, (self.size.width - LABEL_WIDTH) // max(self._wanted, 1)))

    def _numbers(self, wide: int, score: Score) -> str:
        line = [" "] * (LABEL_WIDTH + wide * max(self._wanted, len(score.rates)) + 4)
        for number in (1, *range(5, self._wanted + 1, 5)):
            at = LABEL_WIDTH + wide * (number - 1)
            line[at : at + len(str(number))] = str(number)
        return "".join(line)[: self.size.width].rstrip()
