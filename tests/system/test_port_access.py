"""Who may open a port, and who has it open: programs that set no lock are found."""

from __future__ import annotations

import grp
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from duotui.base.errors import Exit
from duotui.link.port_access import holders, permission_hint
from duotui.link.serial_transport import SerialTransport
from support.fixture_types import port_of

if TYPE_CHECKING:
    from pathlib import Path

    from support.fixture_types import OpenLine

READER = "import os, sys; f = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print(flush=True)"
"""Program that has a port open without a lock, as minicom and screen do, until it is killed."""

TERMINAL = "import os, pty; ends = pty.openpty(); print(os.ttyname(ends[1]), flush=True)"
"""Program with both ends of a pseudo-terminal."""

WAIT = "; os.read(0, 1)"


def test_a_program_without_a_lock_is_named_at_once(line: OpenLine) -> None:
    with line() as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        with subprocess.Popen(
            [sys.executable, "-c", READER + WAIT, port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()
            said = subprocess.run(
                [sys.executable, "-m", "duotui", "tell", "--port", port, "-n", "4"],
                capture_output=True,
                text=True,
            )
            reader.kill()
    assert said.returncode == Exit.BUSY
    assert f"(pid {reader.pid}); close that program first" in said.stderr


def test_this_program_holds_no_port_against_itself(line: OpenLine) -> None:
    """Nor does its child that has not started its program yet."""
    with line() as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        own, (reader, writer) = os.open(port, os.O_RDWR | os.O_NOCTTY), os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
        try:
            assert list(holders(port)) == []
            SerialTransport(port).close()
        finally:
            for end in (own, reader, writer):
                os.close(end)
            os.waitpid(child, 0)


def test_the_other_end_of_a_pseudo_terminal_is_no_holder() -> None:
    with subprocess.Popen(
        ["sh", "-c", '"$0" -c "$1"; exit', sys.executable, TERMINAL + WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as terminal:
        assert terminal.stdout is not None
        port = terminal.stdout.readline().strip()
        SerialTransport(port).close()
        terminal.communicate("x")


@pytest.mark.parametrize("group", ["dialout", "uucp"])
def test_the_group_that_may_open_a_port_is_named(tmp_path: Path, group: str) -> None:
    port = tmp_path / "ttyACM0"
    port.touch()
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(port, -1, grp.getgrnam(group).gr_gid)
    port.chmod(0o660)
    command = f'sudo usermod -aG {group} "$USER"'
    assert permission_hint(str(port)) == f"join its group, then log out and in: {command}"


def test_where_no_group_may_open_a_port_its_mode_is_changed(tmp_path: Path) -> None:
    port = tmp_path / "ttyACM0"
    port.touch(0o600)
    assert permission_hint(str(port)).endswith(f": sudo chmod a+rw {port}")
