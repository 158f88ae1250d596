"""Every command on a system that is not POSIX: the supported ones, and the messages of the rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.targets import packer
from duotui.targets.engine_binary import find_engine
from support.board_on_tty import VOICE_SCRIPT, BoardOnTty
from support.paths import ROOT, TESTS
from support.scripted_model import write_scripted_model
from support.tcp_port import served
from support.terminal import ALTERNATE_OFF, ALTERNATE_ON, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = ["-X", "warn_default_encoding", str(TESTS / "support/without_posix.py")]
STORY_PIECES = [b" once", b" upon", b" a", b" time,", "🙂".encode(), b" there", b" was.\n"]
STORY_LINE = "once upon a time,🙂 there was.\n"
TOKEN_COUNT = 5_000
FIRST_TOKENS = ("-t", "0", "-n", "7")


@dataclass(frozen=True)
class NetworkBoard:
    """NetworkBoard at the end of a network, in place of a real one at COM3."""

    url: str
    environment: dict[str, str]
    files: tuple[str, ...]
    """Options that name the board's model, unpacked."""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *HIDDEN, *arguments],
            capture_output=True,
            encoding="utf-8",
            env=self.environment,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetworkBoard]:
    home, own, tools = (tmp_path_factory.mktemp(name) for name in ("board", "own", "tools"))
    model, tokenizer = write_scripted_model(own, STORY_PIECES, TOKEN_COUNT)
    packer.pack_model(model, tokenizer, "exact", home / "story.duo")
    (home / "duollama").write_bytes(find_engine().read_bytes())
    (home / "voice").write_text(VOICE_SCRIPT)
    (tools / "dmesg").write_text("#!/bin/sh\n")  # a test must not change this computer's own
    for path in (home / "duollama", home / "voice", tools / "dmesg"):
        path.chmod(0o755)
    plugged = BoardOnTty(f"{tools}:{os.environ['PATH']}", home, "-m")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DUOTUI_ENGINE"},
        **{name: str(own) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")},
        "DUOTUI_CONFIG": str(own / "config.toml"),
        "DUOTUI_HOME": str(home),
        "PYTHONIOENCODING": "cp1252",
    }
    files = ("--model", str(model), "--tokenizer", str(tokenizer))
    with served(plugged.cable.host_path, "socket") as url:
        yield NetworkBoard(url, environment, files)
    plugged.close()


def one_line(result: subprocess.CompletedProcess[str], status: int) -> str:
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (status, "", 1), result
    assert result.stderr.startswith("duotui: ")
    return result.stderr


def test_what_is_hidden_is_missed(tmp_path: Path) -> None:
    """Verify the hiding: otherwise the other tests would show nothing."""
    (tmp_path / "duotui.py").write_text(
        "import os, signal\n"
        "def missing():\n"
        "    try:\n"
        "        import termios\n"
        "    except ImportError:\n"
        "        return not hasattr(os, 'openpty') and not hasattr(signal, 'SIGHUP')\n"
    )
    code = "import without_posix as w; w.hide(); import duotui; print(duotui.missing())"
    path = f"{tmp_path}{os.pathsep}{TESTS / 'support'}"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert result.stdout == "True\n", result.stderr


def test_tell(board: NetworkBoard, tmp_path: Path) -> None:
    recording, ids = tmp_path / "r.jsonl", tmp_path / "ids"
    result = board.run(
        "tell",
        "--port",
        board.url,
        *FIRST_TOKENS,
        "--record",
        str(recording),
        "--ids",
        str(ids),
        "",
    )
    assert (result.returncode, result.stdout) == (0, STORY_LINE), result.stderr
    assert "7 tokens" in result.stderr
    assert ids.read_text().startswith("prompt: ")
    result = board.run("replay", str(recording))
    assert (result.returncode, result.stdout.rstrip()) == (0, STORY_LINE.rstrip()), result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_tell_is_stopped(board: NetworkBoard, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, *HIDDEN, "tell", "--port", board.url, "-t", "0", "-n", "0", ""],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=board.environment,
    )
    assert process.stdout is not None
    assert process.stdout.read(4) == b"once"
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.splitlines()[-1]) == (9, b"duotui: stopped")


def test_judge(board: NetworkBoard, tmp_path: Path) -> None:
    judge = ("judge", board.url, "--headless", "--runs", "2", *FIRST_TOKENS, "-i", "")
    result = board.run(*judge)
    output = result.stderr.splitlines()[
        -1
    ]  # before it there may be a warning about a busy computer
    assert (result.returncode, list(json.loads(result.stdout))) == (6, ["error"])
    assert output.startswith("duotui: no baseline: there is no engine for Windows; ")
    assert output.endswith("; --baseline FILE takes what run.c printed")
    baseline = tmp_path / "run.txt"
    baseline.write_text(f"{STORY_LINE.rstrip()}\nachieved tok/s: 24.5\n", "utf-8")
    result = board.run(*judge, "--baseline", str(baseline), "--report", str(tmp_path / "report"))
    assert result.returncode == 0, result.stderr
    output = json.loads(result.stdout)
    assert (len(output["runs"]), output["correctness"]["identical_runs"]) == (2, 2)
    assert (tmp_path / "report/report.html").read_bytes().count("🙂".encode()) > 0


def test_doctor(board: NetworkBoard) -> None:
    result = board.run("doctor", board.url, "--json")
    links = {row["link"]: row["right"] for row in json.loads(result.stdout)}
    assert (links["line"], links["login"], links["board"]) == (True, True, False)
    assert result.returncode == 6  # no Duo: this computer's shell
    result = board.run("doctor", "COM77")
    assert (result.returncode, result.stderr) == (3, "")
    assert result.stdout.startswith("WRONG  port         there is no COM77\n")


def test_lists(board: NetworkBoard) -> None:
    result = board.run("devices", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert "sim" not in [row["kind"] for row in json.loads(result.stdout)]
    result = board.run("model", "list")
    assert (result.returncode, result.stderr) == (0, "")
    assert "stories15M" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tell", "--port", "sim"), "connect a board and name its port"),
        (("judge", "sim"), "connect a board and name its port"),
        (("tell", "--port", "virtual"), "the virtual Duo needs Linux"),
        (
            ("tell", "--check", "--port", "URL", "-t", "0", "-n", "7", ""),
            "no baseline: there is no",
        ),
        (("pack", "a.bin"), "there is no engine for Windows"),
        (("inspect", "a.duo"), "there is no engine for Windows"),
        (("setup", "URL", "--yes", "MODEL"), "there is no engine for Windows"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_one_line(
    board: NetworkBoard, arguments: tuple[str, ...], message: str
) -> None:
    words = [board.url if word == "URL" else word for word in arguments if word != "MODEL"]
    result = board.run(*words, *(board.files if "MODEL" in arguments else ()))
    assert result.returncode == 6
    assert result.stderr.splitlines()[-1].startswith("duotui: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_that_is_not_there_is_said(board: NetworkBoard) -> None:
    assert "there is no port COM77" in one_line(board.run("tell", "--port", "COM77"), 3)


def test_the_console(board: NetworkBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in board.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONIOENCODING")  # settings of a terminal
    terminal = Terminal(board.url, "--prompt", "", "-t", "0", "-n", "0", program=HIDDEN)
    try:
        terminal.wait_for(ALTERNATE_ON)
        terminal.wait_for(b"There is no engine for Windows")
        terminal.wait_for(b"upon")
        terminal.end(signal.SIGUSR1)
        assert termios.tcgetattr(terminal.slave) == terminal.before
        assert ALTERNATE_OFF in terminal.last
        assert terminal.last.endswith(b"duotui: stopped\r\n")
        assert terminal.process.returncode == 9
    finally:
        terminal.close()


def test_the_story_machine(board: NetworkBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in board.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONIOENCODING")
    terminal = Terminal("story", board.url, "--voice", "off", program=HIDDEN)
    try:
        terminal.wait_for(b"Who is it about?")
        os.write(terminal.master, b"s")
        terminal.wait_for(b"Again")
        terminal.end(signal.SIGUSR1)
        assert termios.tcgetattr(terminal.slave) == terminal.before
        assert terminal.process.returncode == 9
    finally:
        terminal.close()


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_nothing_is_used_that_the_system_has_not(system: str) -> None:
    """Check by the stubs of the standard library, which state each system's names."""
    result = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", f"--platform={system}"),
            *(f"--cache-dir=.mypy_cache/{system}", "-p", "duotui"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
