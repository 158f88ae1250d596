"""What `duotui setup` shows and asks: files, bytes and times, and questions to the user."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from duotui.base import resources
from duotui.base.errors import Cancelled, UsageError
from duotui.base.progress import duration
from duotui.board.installer import InstallPlan
from duotui.board.owner_script import AUTO_SCRIPT, KEPT_SCRIPT
from duotui.cli.setup_line import USB_RATE, SetupLine

OWNER_NOTE = f"{AUTO_SCRIPT} is the owner's own: it is kept as {KEPT_SCRIPT}, and run after ours"


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """`net` is a host that is set up by ssh, `card` the folder of a mounted card, if not None.
    `undo` removes what an earlier setup has sent."""

    target: str
    model: Path
    tokenizer: Path | None
    engine: Path = resources.BOARD
    yes: bool = False
    card: Path | None = None
    net: str | None = None
    undo: bool = False


class SetupDialog:
    """Lines for the user, and his answers. With `yes` he is not asked."""

    def __init__(self, yes: bool, out: TextIO) -> None:
        self._yes, self._out = yes, out

    def say(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def agree(self, question: str, *, risky: bool = False) -> bool:
        """Ask a question. Only the user himself may say yes to one that is `risky`. Raises
        UsageError if there is nobody to ask."""
        if self._yes and not risky:
            return True
        if self._yes or not sys.stdin.isatty():
            if risky:
                return False
            raise UsageError("setup asks before it changes a board", "--yes says yes")
        choices = "[y/N]" if risky else "[Y/n]"
        print(f"{question} {choices} ", end="", file=self._out, flush=True)
        answer = sys.stdin.readline().strip().lower()
        return answer in ("y", "yes") or (answer == "" and not risky)

    def trust(self, question: str, *, risky: bool = False) -> bool:
        """Ask about a host key, and show it also to a user who is not asked."""
        if self._yes and not risky:
            self.say(f"{question} yes")
        return self.agree(question, risky=risky)

    def confirm(self, question: str) -> None:
        """Ask a question. Raises Cancelled if the answer is no."""
        if not self.agree(question):
            raise Cancelled("nothing was changed")

    def show(self, plan: InstallPlan, line: SetupLine) -> None:
        """Show a board's state, and what would be sent."""
        info = plan.info
        self.say(
            f"{line.name}: {info.kernel}, {info.memory / 2**20:.1f} MB of memory,"
            f" swap {'on' if info.swaps else 'off'}, {info.free_bytes / 1e6:.0f} MB free"
        )
        for part in plan.parts:
            action = f"to {'replace' if part in plan.replaced else 'send'}, {megabytes(part.size)}"
            self.say(f"  {part.target:<28} {action if part in plan.missing else 'is there'}")


def how_long(plan: InstallPlan, line: SetupLine, expected: bool) -> str:
    """The question whether to send, with the bytes and the time of each line. If a USB port of the
    board is `expected` here, what is large goes over that."""
    small = sum(part.size for part in plan.missing if part.is_small)
    whole, large = plan.size / line.rate, plan.size - small
    if line.is_fast:
        return f"Send {megabytes(plan.size)} ({duration(whole)})?"
    later = duration(small / line.rate + large / USB_RATE)
    if expected:
        return (
            f"Send {megabytes(small)} over this line, then {megabytes(large)} over the board's USB"
            f" port ({later} in all)?"
        )
    return (
        f"Send {megabytes(plan.size)} ({duration(whole)}; {later} if the board's USB cable is"
        " plugged in here, too)?"
    )


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
