"""Progress of a file transfer, and the line that shows it."""

from dataclasses import dataclass
from typing import TextIO


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

    def show(self, name: str, now: TransferProgress) -> None:
        share = now.done / now.size
        left = "" if now.left is None else f"{now.left:4.0f} s left"
        text = f"  {name:<14} {bar(share)} {share:4.0%}  {now.rate / 1000:6.1f} kB/s  {left}"
        if self._out.isatty():
            print(f"\r{text}\x1b[K", end="\n" if now.done == now.size else "", file=self._out)
            self._out.flush()
        elif now.done == now.size:
            print(text, file=self._out)


def bar(share: float, width: int = 24) -> str:
    full = round(share * width)
    return "[" + "#" * full + "." * (width - full) + "]"
