"""The last resort: it ends a process that hangs, and no other."""

import subprocess
import sys
from itertools import product

import pytest

HANGING = """
import threading, time
from duotui.ui.exit_guard import ExitGuard
guard = ExitGuard()
with guard.on_signals(lambda: None):
    {arm}
    {then}
{after}
print("the end")
"""


@pytest.mark.parametrize(
    ("arm", "then", "after", "status", "output"),
    [
        ("guard.arm(9, 0.1)", "threading.Event().wait(60)", "", 9, ""),
        ("guard.arm(0, 60); guard.arm(9, 0.1)", "threading.Event().wait(60)", "", 9, ""),
        ("guard.arm(9, 0.1); guard.arm(0, 60)", "threading.Event().wait(60)", "", 9, ""),
        ("guard.arm(9, 0.1)", "pass", "threading.Event().wait(0.3)", 0, "the end\n"),
        ("pass", "pass", "guard.arm(9, 0.0); threading.Event().wait(0.3)", 0, "the end\n"),
    ],
    ids=["armed", "sooner", "later", "ended in time", "outside"],
)
def test_it_ends_what_hangs(arm: str, then: str, after: str, status: int, output: str) -> None:
    code = HANGING.format(arm=arm, then=then, after=after)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (status, output), done.stderr


@pytest.mark.parametrize(
    ("number", "hangs"), product(["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"], [False, True])
)
def test_a_signal_is_called_for_and_ends_what_hangs(number: str, hangs: bool) -> None:
    code = f"""
import os, signal, threading
from duotui.ui.exit_guard import ExitGuard
called = threading.Event()
with ExitGuard().on_signals(called.set):
    os.kill(os.getpid(), signal.{number})
    called.wait(10)
    print("called", flush=True)
    threading.Event().wait(60 if {hangs} else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (9 if hangs else 0, "called\n"), done.stderr
