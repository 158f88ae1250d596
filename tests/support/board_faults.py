"""Faults of a board, its cable and its host; and a virtual Duo that they strike.

A fault strikes while a story is generated, or a file is sent, from the first byte of the login on.
Some faults consist of waiting; no test result depends on it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from duotui.base.board_profile import MemoryLayout
from duotui.board.agent_launcher import open_shell
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.board.shell import Shell
from duotui.link.ports import Port
from duotui.link.serial_transport import SerialTransport
from duotui.targets.board import BoardTarget
from duotui.targets.virtual_duo import VirtualDuo
from support.sessions import BadCable

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duotui.link.pty_cable import PtyCable
    from duotui.session.session import Session

    Spoil = Callable[[bytes], bytes]

UART_BYTES = 11_520
"""Bytes a second, at 115200 baud."""

BITS, BETWEEN = 10_000, 3_000
"""Bits of which one is flipped; bytes after which a kernel line comes."""

KILLED = "/tmp/killed"


class BoardRig:
    """Virtual Duo, its cable, and the ports that a computer lists. Its memory is that of an image
    that keeps none for the camera."""

    def __init__(self, card: Path) -> None:
        self.to_host: Spoil = bytes
        self.to_board: Spoil = bytes
        self.board = VirtualDuo(
            card,
            MemoryLayout.FREED,
            corrupt=lambda data: self.to_host(data),
            corrupt_to_board=lambda data: self.to_board(data),
        )
        self.repaired_at = 0.0
        """End of the last fault, by this computer's monotonic clock."""

    def start(self) -> None:
        transport, _ = self.board.start()
        transport.close()

    @property
    def cable(self) -> PtyCable:
        assert self.board.cable is not None
        return self.board.cable

    def ports(self) -> list[Port]:
        path = self.cable.host_path
        return [Port(path, "Duo", 0x3346, 0x1003, "duotui-fire")] if path else []

    def channel(self) -> BoardTarget:
        return BoardTarget("auto", self.ports)

    def quiet(self) -> None:
        """Restore the cable."""
        self.to_host = self.to_board = bytes

    @contextmanager
    def shell(self) -> Iterator[Shell]:
        """Yield a shell on the board, whatever runs there."""
        transport = SerialTransport(self.cable.host_path or "/dev/unplugged", 30)
        try:
            spawn = TransportSpawn(transport)
            shell = open_shell(spawn, probe_peer(spawn, patience=10, boot=200))
            yield shell
            shell.leave()
        finally:
            transport.close()


class Fault:
    """Fault of one story or one file. `chance` decides its time, length and place, within `bytes_`
    to the host. Afterwards `struck` is True if it happened."""

    in_a_push = True
    """True if it can strike a file transfer, too."""

    def __init__(self, rig: BoardRig, chance: random.Random, bytes_: int) -> None:
        self.rig, self.chance, self.bytes_ = rig, chance, bytes_
        self.struck = False

    def prepare(self) -> None:
        """Prepare the fault before the host opens the port."""

    def join(self, session: Session) -> None:
        """Join the session of a story before it is requested."""

    def strike(self) -> None:
        """Strike at a random moment in the middle, unless prepare() has arranged it."""

    def end(self) -> None:
        """Clean up after the story or the file."""
        self.rig.quiet()


class Pulled(Fault):
    """Cable that is unplugged at any byte, and put back as another port up to 8 seconds later."""

    def prepare(self) -> None:
        remaining = self.chance.randrange(1, self.bytes_)
        self._back: threading.Thread | None = None

        def corrupt(data: bytes) -> bytes:
            nonlocal remaining
            if self.struck or len(data) < remaining:
                remaining -= len(data)
                return data
            self.struck = True
            self.rig.cable.unplug()
            self._back = threading.Thread(target=self._put_back, daemon=True)
            self._back.start()
            return data[:remaining]

        self.rig.to_host = corrupt

    def _put_back(self) -> None:
        time.sleep(self.chance.uniform(0, 8))
        self.rig.cable.plug()
        self.rig.repaired_at = time.monotonic()

    def end(self) -> None:
        super().end()
        if self._back is not None:
            self._back.join()


class Stalled(Fault):
    """Cable that passes nothing for up to 8 seconds, at any byte; nothing is lost."""

    def prepare(self) -> None:
        remaining = self.chance.randrange(1, self.bytes_)

        def corrupt(data: bytes) -> bytes:
            nonlocal remaining
            remaining -= len(data)
            if remaining <= 0 and not self.struck:
                self.struck = True
                time.sleep(self.chance.uniform(0, 8))
                self.rig.repaired_at = time.monotonic()
            return data

        self.rig.to_host = corrupt


class Slow(Fault):
    """Cable at 115200 baud, both ways."""

    def prepare(self) -> None:
        def corrupt(data: bytes) -> bytes:
            time.sleep(len(data) / UART_BYTES)
            return data

        self.rig.to_host = self.rig.to_board = corrupt
        self.struck = True


class Noise(Fault):
    """Cable that flips a bit in 10,000, both ways."""

    def prepare(self) -> None:
        self._ways = [BadCable(self.chance.randrange(1 << 30), bits=BITS) for _ in range(2)]
        self.rig.to_host, self.rig.to_board = self._ways

    def end(self) -> None:
        super().end()
        self.struck = any(way.flipped for way in self._ways)


class KernelLines(Fault):
    """Kernel messages on the same line."""

    def prepare(self) -> None:
        self._lines = BadCable(self.chance.randrange(1 << 30), bytes_=BETWEEN)
        self.rig.to_host = self._lines

    def end(self) -> None:
        super().end()
        self.struck = self._lines.injected > 0


class AgentKilled(Fault):
    """Agent killed by the board itself, up to 4 seconds after its start."""

    in_a_push = False

    def prepare(self) -> None:
        after = int(self.chance.uniform(0, 4e6))
        with self.rig.shell() as shell:
            shell.run(
                f"rm -f {KILLED}; ( while ! pidof duollama; do usleep 50000; done; usleep {after};"
                f" killall -9 duollama && touch {KILLED} ) >/dev/null 2>&1 &"
            )

    def end(self) -> None:
        super().end()
        with self.rig.shell() as shell:
            self.struck = not shell.ask(f"test -e {KILLED}").status


class BoardReset(Fault):
    """Board whose reset button is pressed."""

    def strike(self) -> None:
        self.struck = True
        self.rig.board.reset()
        self.rig.repaired_at = time.monotonic()


class BoardHangs(Fault):
    """Board whose clock stands still for up to 9 seconds."""

    def strike(self) -> None:
        self.struck = True
        self.rig.board.freeze(True)
        time.sleep(self.chance.uniform(0, 9))
        self.rig.board.freeze(False)
        self.rig.repaired_at = time.monotonic()


class HostKilled(Fault):
    """Another duotui that generates another story there, and is killed at any moment."""

    in_a_push = False

    def prepare(self) -> None:
        process = _another_host(self.rig)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.read(self.chance.randrange(1, 60))
            process.kill()
            process.wait()
        self.struck = True
        self.rig.repaired_at = time.monotonic()


class HostSleeps(Fault):
    """Host that is stopped for up to 8 seconds, and the cable with it."""

    in_a_push = False

    def strike(self) -> None:
        self.struck = True
        command = f"sleep {self.chance.uniform(0, 8)}; kill -CONT {os.getpid()}"
        waker = subprocess.Popen(["sh", "-c", command])
        os.kill(os.getpid(), signal.SIGSTOP)
        self.rig.repaired_at = time.monotonic()
        waker.wait()


def _another_host(rig: BoardRig) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "duotui", "tell", "--port", rig.cable.host_path),
            *("--mode", "exact", "-s", "99", "-n", "60", "One day"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


BOARD_FAULTS: tuple[type[Fault], ...] = (
    Pulled,
    Stalled,
    Slow,
    Noise,
    KernelLines,
    AgentKilled,
    BoardReset,
    BoardHangs,
    HostKilled,
    HostSleeps,
)
