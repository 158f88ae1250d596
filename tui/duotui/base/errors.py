"""Errors as users meet them: one line, one hint, one exit status.

    DuotuiError       1  a defect of the program.
    UsageError        2  the command line, a file or a setting is bad.
    NoDevice          3  the port does not exist, or no board was found.
    NoPermission      4  the port exists, but not for this user.
    Busy              5  another program holds the port.
    NotReady          6  the port opened, but no engine answers, and none can be installed.
    LinkBroken        7  the link or the engine was lost during a story.
    Differs           8  the story is not the baseline's.
    Cancelled         9  the user stopped the program.

Every class is a subclass of DuotuiError. Only cli/main.py prints these and exits;
docs/exit-statuses.md is the same table for users.
"""

import traceback
from enum import IntEnum
from pathlib import Path

from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import bounded_line

LINE_LIMIT = 600
"""Characters of a message or a hint, at most: they quote boards, files and servers."""


class Exit(IntEnum):
    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NO_DEVICE = 3
    NO_PERMISSION = 4
    BUSY = 5
    NOT_READY = 6
    LINK_BROKEN = 7
    DIFFERS = 8
    CANCELLED = 9


class DuotuiError(Exception):
    """An error. `message` names the fault, `hint` the remedy.

    Both are one line without control characters, whatever they quote, and at most LINE_LIMIT
    characters long."""

    exit = Exit.UNEXPECTED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = bounded_line(message, LINE_LIMIT)
        self.hint = bounded_line(hint, LINE_LIMIT)

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return _("{message}; {hint}", message=self.message, hint=self.hint)


class UsageError(DuotuiError):
    exit = Exit.USAGE


class NoDevice(DuotuiError):
    exit = Exit.NO_DEVICE


class NoPermission(DuotuiError):
    exit = Exit.NO_PERMISSION


class Busy(DuotuiError):
    exit = Exit.BUSY


class NotReady(DuotuiError):
    exit = Exit.NOT_READY


class LinkBroken(DuotuiError):
    exit = Exit.LINK_BROKEN


class Differs(DuotuiError):
    exit = Exit.DIFFERS


class Cancelled(DuotuiError):
    exit = Exit.CANCELLED


def unexpected(error: BaseException) -> DuotuiError:
    """The error for an exception that nothing expected: its place, and how to see the rest."""
    if isinstance(error, DuotuiError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    where = (
        _(" in {file}, line {line}", file=Path(frames[-1].filename).name, line=frames[-1].lineno)
        if frames
        else ""
    )
    said = f": {error}" if str(error) else ""
    result = DuotuiError(
        _("unexpected {kind}{where}{said}", kind=type(error).__name__, where=where, said=said),
        _("DUOTUI_TRACEBACK=1 shows the way there"),
    )
    result.__cause__ = error
    return result


def of_status(status: int) -> type[DuotuiError]:
    """The class of error that exits with `status`; LinkBroken if none does."""
    kinds = {int(k.exit): k for k in DuotuiError.__subclasses__() if k.__module__ == __name__}
    return kinds.get(status, LinkBroken)
