"""Chart of recent tok/s as columns, from zero to the highest; eighth blocks or ASCII."""

from textual.content import Content
from textual.widget import Widget

from duotui.ui.glyphs import Glyphs


def columns(rates: tuple[float, ...], width: int, height: int, levels: str) -> list[str]:
    """Rows of the chart of the last `width` rates, the top one first."""
    rates = rates[-width:]
    top = max(rates, default=0.0)
    steps = len(levels) - 1
    tall = [round(rate / top * height * steps) if top > 0 else 0 for rate in rates]
    rows = []
    for row in reversed(range(height)):
        filled = (max(0, min(steps, level - row * steps)) for level in tall)
        rows.append("".join(levels[level] for level in filled).ljust(width))
    return rows


class RateHistory(Widget):
    def __init__(self, glyphs: Glyphs, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._rates: tuple[float, ...] = ()

    def show(self, rates: tuple[float, ...]) -> None:
        if rates is not self._rates:
            self._rates = rates
            self.refresh()

    def render(self) -> Content:
        return Content("\n".join(columns(self._rates, *self.size, self._glyphs.levels)))
