"""Program on a real tty, and the line to it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from duotui.board.pexpect_transport import TransportSpawn
from duotui.link.pty_cable import PtyCable
from duotui.link.serial_transport import WRITE_SECONDS, SerialTransport
from support.uart_cable import UartCable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.fixture_types import OpenLine


@pytest.fixture
def line(tmp_path: Path) -> OpenLine:
    """Program on a tty of its own, which it controls, and the line to it."""
    # a test must not change the level of this computer's own kernel messages
    (tmp_path / "dmesg").write_text("#!/bin/sh\n")
    (tmp_path / "dmesg").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"

    @contextmanager
    def lines(
        *program: str,
        corrupt: Callable[[bytes], bytes] | None = None,
        corrupt_to_board: Callable[[bytes], bytes] | None = None,
        prompt: str = "# ",
        modes: str = "sane",
        baud: int = 0,
    ) -> Iterator[TransportSpawn]:
        cable = UartCable(baud) if baud else PtyCable(corrupt, corrupt_to_board)
        end = cable.board_end
        subprocess.run(["stty", *modes.split()], stdin=end, check=True)
        process = subprocess.Popen(
            ["setsid", "--ctty", *(program or ("sh", "-i"))],
            stdin=end,
            stdout=end,
            stderr=end,
            env={"PATH": path, "PS1": prompt, "TERM": "vt100", "HOME": str(tmp_path)},
        )
        cable.start()
        transport = SerialTransport(cable.host_path, patience=10 if baud else WRITE_SECONDS)
        try:
            yield TransportSpawn(transport)
        finally:
            transport.close()
            cable.cut()
            process.kill()
            process.wait()

    return lines
