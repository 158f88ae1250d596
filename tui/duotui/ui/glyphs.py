"""The few characters that the console draws with, once for Unicode and once for ASCII."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    ascii: bool
    closed: str
    opening: str
    ready: str
    telling: str
    speaking: str
    paused: str
    done: str
    silent: str
    lost: str
    record: str
    replay: str
    warning: str
    same: str
    differs: str
    waiting: str
    board: str
    baseline: str
    caret: str
    dot: str
    quotes: tuple[str, str]
    levels: str
    """A column of the history, from empty to full."""
    full: str
    rest: str
    """The two ends of a progress bar."""
    choose: tuple[str, str]
    below: str
    dropped: str
    other: str
    forced: str
    """On the strip of a story: what the reference would not have taken, and the prompt."""
    margin: str
    """Beside the sentence that is read."""

    def quote(self, text: str) -> str:
        return f"{self.quotes[0]}{text}{self.quotes[1]}"

    def bar(self, fraction: float, width: int) -> tuple[str, str]:
        """A progress bar's done part and its rest."""
        done = round(max(0.0, min(1.0, fraction)) * width)
        return self.full * done, self.rest * (width - done)


UNICODE_GLYPHS = Glyphs(
    ascii=False,
    closed="○",
    opening="◌",
    ready="●",
    telling="▶",
    speaking="♪",
    paused="‖",
    done="✓",
    silent="?",
    lost="✗",
    record="●",
    replay="↻",
    warning="!",
    same="=",
    differs="≠",
    waiting="…",
    board="+",
    baseline="-",
    caret="▌",
    dot="·",
    quotes=("“", "”"),
    levels=" ▁▂▃▄▅▆▇█",
    full="█",
    rest="░",
    choose=("◂", "▸"),
    below="▼",
    dropped="x",
    other="▁",
    forced="▄",
    margin="▌",
)

ASCII_GLYPHS = Glyphs(
    ascii=True,
    closed="o",
    opening="~",
    ready="*",
    telling=">",
    speaking="&",
    paused="|",
    done="=",
    silent="?",
    lost="x",
    record="*",
    replay="@",
    warning="!",
    same="=",
    differs="!=",
    waiting="..",
    board="+",
    baseline="-",
    caret="_",
    dot="|",
    quotes=('"', '"'),
    levels=" .:-=+*%#",
    full="#",
    rest=".",
    choose=("<", ">"),
    below="v",
    dropped="x",
    other="_",
    forced="=",
    margin="|",
)
