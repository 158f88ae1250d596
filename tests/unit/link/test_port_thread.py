"""Report of the reader thread if a channel does not open."""

from __future__ import annotations

import queue
import termios

import pytest

from duotui.base.clock import MonotonicClock
from duotui.base.errors import DuotuiError, Exit, LinkBroken, NoDevice
from duotui.link.port_thread import PortClosed, PortReport, PortThread, Transport


class Failing:
    """Channel whose opening raises `error`."""

    target = "failing"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def open(self) -> tuple[Transport, str]:
        raise self._error

    def cause(self, error: DuotuiError) -> DuotuiError:
        return error

    def close(self) -> None: ...


def report_of(error: Exception) -> DuotuiError:
    reports: queue.Queue[PortReport] = queue.Queue()
    PortThread(Failing(error), MonotonicClock(), reports.put).start()
    closed = reports.get(timeout=60)
    assert isinstance(closed, PortClosed)
    assert closed.error is not None
    return closed.error


@pytest.mark.parametrize("error", [OSError(5, "gone"), termios.error(5, "gone")])
def test_a_tty_that_hangs_up_is_a_lost_link(error: Exception) -> None:
    assert isinstance(report_of(error), LinkBroken)


def test_an_error_of_ours_is_that_error() -> None:
    error = NoDevice("there is none")
    assert report_of(error) is error


def test_a_defect_is_no_lost_link() -> None:
    """duotui reconnects after a lost link, but not after a defect."""
    report = report_of(RuntimeError("oops"))
    assert (type(report), report.exit) == (DuotuiError, Exit.UNEXPECTED)
    assert report.message == "failing: unexpected RuntimeError('oops')"
