"""`duotui devices --watch`: what comes and goes."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys

from duotui.base.errors import Exit
from duotui.cli.devices import SIMULATED, Row, watch

BOARD: Row = ("/dev/ttyACM0", "duo", "USB Com Port, 3346:1003", "")
FRESH: Row = ("/sys/1-1", "network", "a Duo, as a network card", "duotui setup --net")
LOOKS = ([SIMULATED], [SIMULATED], [FRESH, SIMULATED], [BOARD, SIMULATED], [SIMULATED])


def test_what_comes_and_goes_is_a_line_each() -> None:
    out = io.StringIO()
    watch(LOOKS, as_json=False, out=out)
    first, *changes = out.getvalue().splitlines()
    assert first.startswith("sim  sim ")
    assert [change.split()[:2] for change in changes] == [
        ["+", "/sys/1-1"],
        ["+", "->"],
        ["-", "/sys/1-1"],
        ["-", "->"],
        ["+", "/dev/ttyACM0"],
        ["-", "/dev/ttyACM0"],
    ]


def test_as_json_a_line_is_an_object() -> None:
    out = io.StringIO()
    watch(LOOKS, as_json=True, out=out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["change"], row["kind"]) for row in rows] == [
        ("come", "sim"),
        ("come", "network"),
        ("gone", "network"),
        ("come", "duo"),
        ("gone", "duo"),
    ]


def test_it_shows_at_once_and_ends_by_ctrl_c() -> None:
    command = [sys.executable, "-m", "duotui", "devices", "--watch"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while not process.stdout.readline().startswith("sim"):
            pass
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "duotui: stopped\n"
    assert process.returncode == Exit.CANCELLED
