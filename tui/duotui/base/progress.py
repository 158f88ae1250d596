"""Progress of a file transfer, and the line that shows it."""

from dataclasses import dataclass
from typing import TextIO

from duotui.base.clock import Clock
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import one_line

READING_PATIENCE = 1.0
"""Seconds of reading after which its progress is shown."""


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """`done` of `size` bytes have arrived, `sent` of them in the last `seconds`."""

    done: int
    size: int
    sent: int
    seconds: float

    @property
    def rate(self) -> float:
        """Bytes a second; 0 while unknown."""
        return self.sent / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until the end; None while unknown."""
        return (self.size - self.done) / self.rate if self.rate else None


class ProgressLine:
    """Print progress on one line of a terminal; elsewhere, print a line for each complete file."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._unfinished = False

    def show(self, name: str, now: TransferProgress) -> None:
        share = now.done / now.size
        left = "" if now.left is None else _("{left:4.0f} s left", left=now.left)
        text = f"  {name:<14} {bar(share)} {share:4.0%}  {now.rate / 1000:6.1f} kB/s  {left}"
        if self._out.isatty():
            print(f"\r{text}\x1b[K", end="\n" if now.done == now.size else "", file=self._out)
            self._out.flush()
            self._unfinished = now.done < now.size
        elif now.done == now.size:
            print(text, file=self._out)

    def end(self) -> None:
        """Finish the line, before something else is printed."""
        if self._unfinished:
            print(file=self._out)
            self._unfinished = False


def duration(seconds: float) -> str:
    """Words for a length of time: 40 s, 7 min, 2 h 30 min."""
    if seconds < 90:
        return _("{count} s", count=max(1, round(seconds)))
    minutes = round(seconds / 60)
    return (
        _("{minutes} min", minutes=minutes)
        if minutes < 90
        else _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    )


class ReadingLine:
    """Show how much of a file is read, once that has taken longer than a second: on one line of a
    terminal, elsewhere once."""

    def __init__(self, name: str, out: TextIO, clock: Clock) -> None:
        self._name, self._out, self._clock = one_line(name), out, clock
        self._start = clock.now()
        self._is_shown = False

    def show(self, done: int, size: int) -> None:
        if self._clock.now() - self._start < READING_PATIENCE:
            return
        text = _("duotui: reading {name}, {size:.0f} MB", name=self._name, size=size / 1e6)
        if self._out.isatty():
            end = "\n" if done == size else ""
            print(f"\r{text} {bar(done / size)} {done / size:4.0%}\x1b[K", end=end, file=self._out)
            self._out.flush()
        elif not self._is_shown:
            print(text, file=self._out, flush=True)
        self._is_shown = True


def bar(share: float, width: int = 24) -> str:
    full = round(share * width)
    return "[" + "#" * full + "." * (width - full) + "]"
