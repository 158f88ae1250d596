"""Characters that the screens draw with, in Unicode and in ASCII."""

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
    """Fill levels of a column of the rate history, from empty to full."""
    full: str
    rest: str
    """`full` and `rest`: the two parts of a progress bar."""
    choose: tuple[str, str]
    below: str
    dropped: str
    other: str
    forced: str
    """Agreement strip: a token that the reference would not take, and a token of the prompt."""
    margin: str
    """Bar beside the sentence that is read."""

    def quote(self, text: str) -> str:
        return f"{self.quotes[0]}{text}{self.quotes[1]}"

    def bar(self, fraction: float, width: int) -> tuple[str, str]:
        """The two parts of a progress bar of `width` cells."""
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
