"""Run a program on one core, and measure its time, its share of the core and its peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.002


@dataclass(frozen=True)
class ProcessResult:
    """Result of a process. `share` is the part of its time that it ran: below 1, others had its
    core."""

    stdout: bytes
    stderr: bytes
    seconds: float
    share: float


class ProcessFailed(Exception):
    """The program ended with a status other than 0."""

    def __init__(self, status: int, stderr: bytes) -> None:
        lines = stderr.decode(errors="replace").strip().splitlines()
        super().__init__(lines[-1] if lines else f"it ended with status {status}")
        self.status = status


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Pin this process and its children to `core`. None pins nothing."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def last_core() -> int | None:
    """Last core that this process may run on; None if it cannot choose."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def run(command: Sequence[str | Path]) -> ProcessResult:
    """Run it to its end. It writes into files, so that nothing else wakes up while it runs."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        stdout, stderr = out.read(), err.read()
    if child.returncode:
        raise ProcessFailed(child.returncode, stderr)
    return ProcessResult(stdout, stderr, seconds, (used.ru_utime + used.ru_stime) / seconds)


def peak_kilobytes(command: Sequence[str | Path]) -> int:
    """VmHWM of the running program, read every 2 ms until it ends.

    getrusage's figure would be wrong: it includes the parent's memory at the fork.
    """
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    peak = 0
    while child.poll() is None:
        peak = max(peak, high_water_kilobytes(child.pid))
        time.sleep(POLL_SECONDS)
    if child.returncode:
        raise ProcessFailed(child.returncode, b"")
    return peak


def high_water_kilobytes(pid: int | str = "self") -> int:
    """VmHWM of a process: its peak resident memory, mapped files too. 0 if unknown."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
