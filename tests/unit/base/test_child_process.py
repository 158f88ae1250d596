"""Child processes: their answers, and their end."""

import ast
import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from duotui.base import resources
from duotui.base.child_process import (
    PASSWORD_VARIABLE,
    ChildFailed,
    ChildProcess,
    last_line,
    python_module,
    run_program,
)
from support.interpreter import without_coverage

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"


def test_the_last_line_is_the_last_that_is_not_blank() -> None:
    assert last_line("first\n  second \n\n") == "second"
    assert last_line(b"caf\xc3\xa9\xff\n") == "café\ufffd"
    assert (last_line(" \n"), last_line("", "it said nothing")) == ("", "it said nothing")


def test_a_program_that_fails_is_told_by_its_last_line() -> None:
    with pytest.raises(ChildFailed, match=r"^no model$") as raised:
        run_program(["/bin/sh", "-c", "echo reading >&2; echo no model >&2; exit 3"])
    assert (raised.value.status, raised.value.stderr) == (3, "reading\nno model\n")


def test_a_program_has_its_input_folder_and_environment(tmp_path: Path) -> None:
    result = run_program(
        ["/bin/sh", "-c", 'cat; pwd; echo "$NAME"; test -n "$PATH"'],
        stdin="said\n",
        cwd=tmp_path,
        environment={"NAME": "value"},
    )
    assert result.stdout == f"said\n{tmp_path}\nvalue\n"


async def test_a_child_answers_lines() -> None:
    child = await ChildProcess.start((sys.executable, "-c", ECHO))
    await child.write_json({"number": 1}, b'{"payload": true}\n')
    assert [await child.read_json(), await child.read_json()] == [{"number": 1}, {"payload": True}]
    child.write_last(b"[2]\n")
    assert await child.read_json() == [2]
    assert await child.wait() == 0
    assert await child.end() == ""


async def test_a_child_that_ended_is_noticed_by_the_read() -> None:
    child = await ChildProcess.start(("/bin/sh", "-c", "echo half; printf '{}'; echo why >&2"))
    assert await child.wait() == 0
    await child.write_json({})
    with pytest.raises(ValueError, match="Expecting value"):
        await child.read_json()
    with pytest.raises(EOFError):
        await child.read_json()
    assert await child.end() == "why"


async def test_much_on_stderr_does_not_block_a_child() -> None:
    """Output larger than a pipe; the last line of it is kept."""
    noise = "head -c 300000 /dev/zero | tr '\\0' x >&2; echo >&2; echo why >&2; echo 1"
    child = await ChildProcess.start(("/bin/sh", "-c", noise))
    assert await child.read_json() == 1
    assert await child.complaint() == "why"
    await child.end()


async def test_the_end_of_a_child_is_the_end_of_its_group() -> None:
    """Child that ignores its stdin, with a child of its own on the same pipes."""
    child = await ChildProcess.start(("/bin/sh", "-c", "sleep 600 & echo $!; wait"))
    grandchild = os.pidfd_open(int(await child.read_json()))
    await child.end()
    assert await child.wait() == -9
    assert select.select([grandchild], [], [], 60)[0]  # it has ended
    os.close(grandchild)


async def test_a_pipe_that_a_grandchild_keeps_is_given_up() -> None:
    """Grandchild that left the group."""
    line = "setsid sh -c 'echo $$; exec sleep 600' 2>/dev/null & cat"
    child = await ChildProcess.start(("/bin/sh", "-c", line))
    grandchild = int(await child.read_json())
    async with asyncio.timeout(60):
        assert await child.end() == ""
    os.kill(grandchild, signal.SIGKILL)  # it ran until now
    assert await child.stdout.read() == b""


def test_a_module_of_ours_imports_nothing_of_the_current_folder(tmp_path: Path) -> None:
    """A `json.py` of somebody else is not run."""
    (tmp_path / "json.py").write_text("open('was run', 'w')")

    def files_after(command: Sequence[str]) -> set[str]:
        subprocess.run(
            command,
            cwd=tmp_path,
            env=without_coverage(),
            input=b"",
            capture_output=True,
            timeout=60,
            check=False,
        )
        return {path.name for path in tmp_path.iterdir()}

    command = python_module("duotui.speech.espeak_worker")
    assert files_after(command) == {"json.py"}
    assert "was run" in files_after([word for word in command if word != "-P"])


# The board's password


def test_a_child_does_not_get_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    monkeypatch.setenv("OTHER", "kept")
    shown = run_program([sys.executable, "-c", "import os; print(dict(os.environ))"]).stdout
    assert "secret" not in shown
    assert "kept" in shown


async def test_a_running_child_does_not_get_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    child = await ChildProcess.start([sys.executable, "-c", code], environment={"MORE": "1"})
    environment = await child.read_json()
    assert (PASSWORD_VARIABLE in environment, environment["MORE"]) == (False, "1")
    await child.end(5)


def test_every_child_is_started_with_an_environment() -> None:
    """A call without `env` would hand on the password."""
    calls = [
        (path.name, call.lineno, [keyword.arg for keyword in call.keywords])
        for path in sorted(resources.PACKAGE.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func) in STARTS
    ]
    assert len(calls) > 5
    assert [call for call in calls if "env" not in call[2]] == []


STARTS = ("subprocess.run", "subprocess.Popen", "asyncio.create_subprocess_exec")
