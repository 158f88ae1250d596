"""Charts of a verdict as SVG. Shapes repeat the meaning of colours. Pure."""

from collections.abc import Iterator, Sequence
from html import escape

from duotui.scoring.mean_rate import Score
from duotui.scoring.teacher_forcing import Agreement

CHART_WIDTH = 760
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 104, 18, 28

_PAINT = {
    "grid": 'stroke="#8c959f" stroke-opacity=".35"',
    "mean": 'stroke="#2f81f7" stroke-width="1.5" stroke-dasharray="6 4"',
    "tick": 'fill="#768390" font-family="sans-serif" font-size="12"',
    "label": 'fill="#768390" font-family="sans-serif" font-size="12" font-weight="bold"',
    "run": 'fill="#2f81f7"',
    "dropped": 'fill="none" stroke="#d9730d" stroke-width="2.5"',
    "same": 'fill="#2f81f7"',
    "forced": 'fill="#8c959f"',
    "other": 'fill="#d9730d" stroke="#d9730d"',
}
"""Paints for white and black backgrounds, in the picture itself, so that it can stand alone."""


def runs(score: Score, labels: tuple[str, str, str]) -> str:
    """Draw tok/s run by run, the mean as a line; dropped runs are crossed out. `labels`: of the
    runs, of the mean, and of dropped runs."""
    height = 220
    low, high = min(score.rates), max(score.rates)
    pad = (high - low) * 0.15 or abs(high) * 0.01 or 1.0
    low, high = low - pad, high + pad

    def x(index: int) -> float:
        inner = CHART_WIDTH - _LEFT - _RIGHT
        return _LEFT + inner * (index + 0.5) / len(score.rates)

    def y(rate: float) -> float:
        return _TOP + (height - _TOP - _BOTTOM) * (high - rate) / (high - low)

    def parts() -> Iterator[str]:
        for tick in _ticks(low, high):
            yield _level("grid", y(tick))
            yield _text("tick", _LEFT - 8, y(tick) + 4, "end", f"{tick:g}")
        yield _level("mean", y(score.mean))
        mean = f"{labels[1]} {score.mean:.4g}"
        yield _text("label", CHART_WIDTH - _RIGHT + 6, y(score.mean) + 4, "start", mean)
        for index, rate in enumerate(score.rates):
            at_x, at_y = x(index), y(rate)
            title = f"<title>{escape(labels[0])} {index + 1}: {rate:.6f}</title>"
            if index in score.dropped:
                cross = f"M{at_x - 5:.1f} {at_y - 5:.1f}l10 10m0 -10l-10 10"
                yield f'<path {_PAINT["dropped"]} d="{cross}">{title}</path>'
                yield _text("label", at_x, at_y - 9, "middle", labels[2])
            else:
                place = f'cx="{at_x:.1f}" cy="{at_y:.1f}" r="4"'
                yield f"<circle {_PAINT['run']} {place}>{title}</circle>"
            if index % 5 == 4 or index == 0:
                yield _text("tick", at_x, height - 8, "middle", str(index + 1))

    return _svg(height, parts(), labels[0])


def strip(agreement: Agreement, pieces: Sequence[str], label: str) -> str:
    """Draw the whole story, a bar a token: full height if the reference samples the same token,
    else low under a gap. The prompt's bars are thin."""
    height, bars = 56, len(agreement.steps)
    wide = (CHART_WIDTH - 2) / max(bars, 1)

    def parts() -> Iterator[str]:
        for index, step in enumerate(agreement.steps):
            piece = pieces[index] if index < len(pieces) else ""
            title = f"<title>{index + 1}: {escape(piece)}</title>"
            at = 1 + index * wide
            same, forced = step.id == step.taken, index < agreement.forced
            kind = "forced" if forced else "same" if same else "other"
            top, tall = (24, 8) if forced else (8, 40) if same else (36, 12)
            yield (
                f'<rect {_PAINT[kind]} x="{at:.2f}" y="{top}" width="{max(wide - 0.6, 0.6):.2f}"'
                f' height="{tall}">{title}</rect>'
            )
            if kind == "other":
                yield f'<path {_PAINT["other"]} d="M{at + wide / 2:.1f} 10v16"/>'

    return _svg(height, parts(), label)


def gauge(reached: float, label: str) -> str:
    """Draw the fraction `reached` of a limit, as a bar under the limit's."""
    width = CHART_WIDTH - 2 * 8
    done = max(0.0, min(1.0, reached)) * width

    def parts() -> Iterator[str]:
        yield f'<rect {_PAINT["forced"]} x="8" y="10" width="{width}" height="4"/>'
        yield f'<rect {_PAINT["run"]} x="8" y="18" width="{done:.1f}" height="16"/>'
        yield _text("label", min(8 + done + 6, CHART_WIDTH - 48), 31, "start", f"{reached:.0%}")

    return _svg(44, parts(), label)


def _level(kind: str, y: float) -> str:
    ends = f'x1="{_LEFT}" x2="{CHART_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
    return f"<line {_PAINT[kind]} {ends}/>"


def _text(kind: str, x: float, y: float, anchor: str, text: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {_PAINT[kind]} {place}>{escape(text)}</text>"


def _svg(height: int, parts: Iterator[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {CHART_WIDTH} {height}" role="img" aria-label="{escape(label)}"'
        f' xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _ticks(low: float, high: float) -> Iterator[float]:
    """Yield three to six round numbers between the two."""
    span = high - low
    step = 10.0 ** _floor_log10(span)
    for finer in (1.0, 0.5, 0.2, 0.1):
        if span / (step * finer) >= 3:
            step *= finer
            break
    first = int(low / step) + (1 if low > 0 else 0)
    for index in range(8):
        tick = (first + index) * step
        if tick >= high:
            return
        yield float(f"{tick:.10g}")


def _floor_log10(value: float) -> int:
    power = 0
    while 10.0**power > value:
        power -= 1
    while 10.0 ** (power + 1) <= value:
        power += 1
    return power
