"""Child processes: one that runs to its end, and one that answers while it runs."""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from duotui.base.oscompat import kill_group

END_TIMEOUT = 0.3
"""Seconds until the pipes of a child that was killed are given up: a grandchild may hold them."""

STDERR_TAIL = 4096
"""Bytes of stderr that are kept."""


PASSWORD_VARIABLE = "DUOTUI_PASSWORD"
"""Environment variable with the board's password: the command line would show it to every user."""


class ChildFailed(Exception):
    """An exit status other than 0. The message is the last line of stderr, or ""."""

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__(last_line(stderr))
        self.status, self.stderr = status, stderr


def python_module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of ours. -P keeps Python from importing what lies in the
    current folder, which may be anybody's (CWE-427)."""
    return (sys.executable, "-P", "-m", name, *arguments)


def child_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: this process's own without the password, and `more`."""
    own = {name: text for name, text in os.environ.items() if name != PASSWORD_VARIABLE}
    return {**own, **(more or {})}


def last_line(output: str | bytes, otherwise: str = "") -> str:
    """The last line that is not blank, in which a program says what is wrong; else `otherwise`."""
    text = output.decode(errors="replace") if isinstance(output, bytes) else output
    lines = (line.strip() for line in reversed(text.splitlines()))
    return next(filter(None, lines), otherwise)


def run_program(
    command: Sequence[str | Path],
    *,
    stdin: str | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end; both outputs are read as UTF-8. `environment` is added to this
    process's own.

    Raises ChildFailed with `check`, OSError where it cannot be started, subprocess.TimeoutExpired.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        cwd=cwd,
        env=child_environment(environment),
    ) as process:
        _running.append(process)
        try:
            stdout, stderr = process.communicate(stdin or "", timeout)
        except BaseException:
            process.kill()
            raise
        finally:
            _running.remove(process)
    _log.debug("%s ended with status %d", Path(command[0]).name, process.returncode)
    if check and process.returncode:
        raise ChildFailed(process.returncode, stderr)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


_log = logging.getLogger(__name__)  # base/log.py needs this module
_running: list[subprocess.Popen[str]] = []
"""The programs that `run_program` waits for, in any thread."""


def kill_programs() -> None:
    """End the programs that `run_program` waits for: a thread cannot be cancelled."""
    for process in tuple(_running):
        process.kill()


class ChildProcess:
    """A running child with three pipes, the leader of a process group of its own. Its stderr is
    read as it comes, so that it never blocks. For one task at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdin, self.stdout = process.stdin, process.stdout
        self._complaint = asyncio.create_task(_read_last_line(process.stderr))

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        line_limit: int = 1 << 16,
    ) -> "ChildProcess":
        """`environment` is added to this process's own; `line_limit` is in bytes. Raises OSError
        where the child cannot be started."""
        return cls(
            await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=child_environment(environment),
                limit=line_limit,
                start_new_session=True,
            )
        )

    def write_last(self, data: bytes = b"") -> None:
        """Write `data` and close stdin. The data is buffered, however slowly the child reads."""
        self._stdin.write(data)
        self._stdin.close()

    async def write_json(self, message: object, payload: bytes = b"") -> None:
        """Write `message` as a line, and `payload` after it. A child that has ended is noticed by
        the read that follows."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._stdin.write(json.dumps(message).encode() + b"\n" + payload)
            await self._stdin.drain()

    async def read_json(self) -> Any:  # noqa: ANN401
        """Read a line of JSON. Raises EOFError where the child has ended, ValueError where the line
        is longer than the limit or something else."""
        line = await self.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return json.loads(line)

    async def wait(self) -> int:
        """The exit status, once the child has ended."""
        return await self._process.wait()

    async def complaint(self) -> str:
        """The last line of stderr, once the child has closed it."""
        return await asyncio.shield(self._complaint)

    async def end(self, patience: float = 0.0) -> str:
        """Close stdin, and kill the process group where the child has not ended after `patience`
        seconds. Returns the last line of stderr, "" where it cannot be had."""
        self._stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), patience)
        if self._process.returncode is None:
            kill_group(self._process.pid)
        try:
            async with asyncio.timeout(END_TIMEOUT):
                with contextlib.suppress(RuntimeError):  # another task reads, and finds its end
                    while await self.stdout.read(1 << 16):
                        pass  # a pipe that is not read to its end stays open
                await self._process.wait()
                return await self._complaint
        except TimeoutError:
            return ""
        finally:
            self._complaint.cancel()


async def _read_last_line(stderr: asyncio.StreamReader) -> str:
    tail = b""
    while some := await stderr.read(STDERR_TAIL):
        tail = (tail + some)[-STDERR_TAIL:]
    return last_line(tail)
