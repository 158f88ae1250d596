"""What `duotui setup` shows and asks: files, bytes and times, and questions to the user."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from duotui.base import resources
from duotui.base.errors import Cancelled, UsageError
from duotui.base.progress import duration
from duotui.base.translation import gettext as _
from duotui.base.translation import lazy_gettext
from duotui.board.installer import InstallPlan
from duotui.board.owner_script import AUTO_SCRIPT, KEPT_SCRIPT
from duotui.cli.setup_line import USB_RATE, SetupLine

OWNER_NOTE = lazy_gettext(
    "{script} is the owner's own: it is kept as {copy}, and run after ours",
    script=AUTO_SCRIPT,
    copy=KEPT_SCRIPT,
)


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
            raise UsageError(_("setup asks before it changes a board"), _("--yes says yes"))
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
            raise Cancelled(_("nothing was changed"))

    def show(self, plan: InstallPlan, line: SetupLine) -> None:
        """Show a board's state, and what would be sent."""
        info = plan.info
        self.say(
            _(
                "{name}: {kernel}, {memory:.1f} MB of memory, swap {swaps}, "
                "{free_bytes:.0f} MB free",
                name=line.name,
                kernel=info.kernel,
                memory=info.memory / 2**20,
                swaps=_("on") if info.swaps else _("off"),
                free_bytes=info.free_bytes / 1e6,
            )
        )
        for part in plan.parts:
            size = megabytes(part.size)
            replaced = part in plan.replaced
            action = (
                _("to replace, {size}", size=size) if replaced else _("to send, {size}", size=size)
            )
            state = action if part in plan.missing else _("is there")
            self.say(f"  {part.target:<28} {state}")


def how_long(plan: InstallPlan, line: SetupLine, expected: bool) -> str:
    """The question whether to send, with the bytes and the time of each line. If a USB port of the
    board is `expected` here, what is large goes over that."""
    small = sum(part.size for part in plan.missing if part.is_small)
    whole, large = plan.size / line.rate, plan.size - small
    if line.is_fast:
        return _("Send {size} ({whole})?", size=megabytes(plan.size), whole=duration(whole))
    later = duration(small / line.rate + large / USB_RATE)
    if expected:
        return _(
            "Send {small} over this line, then {large} over the board's USB port ({later} in all)?",
            small=megabytes(small),
            large=megabytes(large),
            later=later,
        )
    return _(
        "Send {size} ({whole}; {later} if the board's USB cable is plugged in here, too)?",
        size=megabytes(plan.size),
        whole=duration(whole),
        later=later,
    )


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
