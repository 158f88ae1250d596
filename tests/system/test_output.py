"""Output that fails: a closed or full stdout, a lost stderr, an encoding that lacks characters."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from duotui.base.errors import Exit
from support.paths import ROOT
from support.scripted_model import STORY_PIECES, write_scripted_model
from support.terminal import Terminal

COMMANDS = {
    "help": "--help",
    "version": "--version",
    "devices": "devices",
    "devices --json": "devices --json",
    "model list": "model list",
    "inspect": f"inspect {ROOT}/tui/duotui/data/stories.duo",
    "doctor": "doctor",
    "tell": "tell --port sim -n 5",
    "tell --json": "tell --port sim -n 5 --json",
    "judge": "judge sim --anyway --headless --runs 1 --warm 0 -n 20",
}
"""Commands that print, as a shell reads them."""


def run_shell(line: str, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `duotui LINE`, with the redirections of the line."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m duotui {line}', sys.executable],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("stdout", [">&-", ">/dev/full", "<&- >&-"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_stdout_that_fails_is_one_line(command: str, stdout: str) -> None:
    status, _, said = run_shell(f"{COMMANDS[command]} {stdout}")
    assert status == Exit.UNEXPECTED
    errors = [line for line in said.splitlines() if line.startswith("duotui: ")]
    assert len(errors) == 1
    assert errors[0].startswith("duotui: stdout cannot be written; ")
    assert "Traceback" not in said


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_lost_stderr_changes_nothing(command: str, stderr: str) -> None:
    status, printed, _ = run_shell(f"{COMMANDS[command]} {stderr}")
    assert status == (Exit.NO_DEVICE if command == "doctor" else Exit.OK)
    assert printed != ""


def test_without_any_stream_a_command_ends() -> None:
    status, _, _ = run_shell("tell --port sim -n 5 <&- >&- 2>&-")
    assert status == Exit.UNEXPECTED


def test_a_reader_that_ends_is_one_line() -> None:
    status, printed, said = run_shell("tell --port sim -n 0 | :; echo")
    assert (status, printed) == (0, "\n")
    assert said.splitlines()[-1].startswith("duotui: stdout was closed")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-16"])
def test_an_encoding_without_a_character_ends_nothing(encoding: str, tmp_path: Path) -> None:
    model, tokenizer = write_scripted_model(tmp_path, STORY_PIECES, 8)
    story = f"tell --port sim --model {model} --tokenizer {tokenizer} -t 0 -n 7 ''"
    environment = {"PYTHONIOENCODING": encoding}
    status, _, said = run_shell(f"{story} >{tmp_path}/told", environment)
    assert status == Exit.OK, said
    told = (tmp_path / "told").read_bytes().decode(encoding)
    assert told.startswith("once upon")
    assert ("🙂" in told) == (encoding == "utf-16")
    assert ("?" in told) == (encoding != "utf-16")
    status, _, _ = run_shell(f"{story} --json >{tmp_path}/json", environment)
    assert status == Exit.OK
    value = json.loads((tmp_path / "json").read_bytes().decode(encoding))
    assert "🙂" in value["story"]


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("tell --json --port /dev/nothing", Exit.NO_DEVICE),
        ("tell --port sim --json --model /etc/hostname", Exit.USAGE),
        ("tell --json -t nan", Exit.USAGE),
        ("tell --json --what", Exit.USAGE),
        ("judge sim --headless -n x", Exit.USAGE),
        ("judge /etc/hostname --headless", Exit.USAGE),
        ("model list --json more", Exit.USAGE),
    ],
)
def test_json_is_json_also_after_a_failure(command: str, status: Exit) -> None:
    returned, printed, said = run_shell(command)
    assert returned == status
    error = json.loads(printed)["error"]
    assert error["status"] == status
    assert said.startswith(f"duotui: {error['message']}")


FAILING = """
import sys
from duotui.cli.main import main
from {module} import {owner}
def fail(*_):
    raise ZeroDivisionError("a planted defect")
{owner}.{method} = fail
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("module", "owner", "method"),
    [
        ("duotui.link.connection", "Connection", "_on_port_report"),
        ("duotui.link.connection", "Connection", "_send_due"),
        ("duotui.protocol.agent_client", "AgentClient", "due"),
    ],
)
@pytest.mark.parametrize("command", ["tell --port sim -n 5", "judge sim --headless --runs 1 -n 20"])
def test_a_failed_callback_is_a_failed_command(
    module: str, owner: str, method: str, command: str
) -> None:
    code = FAILING.format(module=module, owner=owner, method=method)
    words = [sys.executable, "-c", code, *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == Exit.UNEXPECTED
    last = done.stderr.splitlines()[-1]
    assert last.startswith("duotui: unexpected ZeroDivisionError in ")
    assert "Traceback" not in done.stderr
    traced = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DUOTUI_TRACEBACK": "1"},
    )
    assert "Traceback" in traced.stderr


@pytest.mark.parametrize("command", ["sim", "story sim --voice off"])
def test_a_failed_callback_ends_a_screen(command: str) -> None:
    code = FAILING.format(
        module="duotui.link.connection", owner="Connection", method="_on_port_report"
    )
    terminal = Terminal(*command.split(), program=("-c", code))
    try:
        assert terminal.gone(30)
        assert terminal.process.returncode == Exit.UNEXPECTED
        assert b"duotui: unexpected ZeroDivisionError" in terminal.last
    finally:
        terminal.close()


def test_a_screen_needs_no_stderr() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    terminal = Terminal("sim", stderr=null)
    try:
        terminal.wait_for(b"Quit")
        terminal.leave(b"\x11")
        assert terminal.process.returncode == Exit.OK
    finally:
        terminal.close()
        os.close(null)
