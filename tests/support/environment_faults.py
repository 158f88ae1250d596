"""Faults of what is around a story: window, shell, encoding, disk, and the other end."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from duotui.link.serial_transport import SerialTransport
from duotui.protocol import events
from duotui.protocol.frames import Frame, encode
from support.board_faults import Fault
from support.lying_agent import Liar
from support.terminal import Terminal

if TYPE_CHECKING:
    from duotui.protocol.events import Batch
    from duotui.session.session import Session
    from duotui.session.state import SessionState

INSERT_PERIOD = 600
"""Bytes after which something foreign comes, in the mean."""

OTHER_TEXT = (
    "你好，世界\r\n".encode("gbk"),
    "Größe é\r\n".encode("latin-1"),
    "é\r\n".encode("utf-16"),
)

PROMPTS = ("[root@duo ~]# ", "$ ", "root@duo:/root# ")
"""Prompts of other shells. One that ends in neither # nor $ is not recognised yet."""


class WindowClosed(Fault):
    """Console that tells another story there, whose window is closed."""

    in_a_push = False

    def prepare(self) -> None:
        path = self.rig.cable.host_path
        assert path is not None
        terminal = Terminal(path, "--no-baseline", "-s", "99", "-i", "One day")
        try:
            terminal.wait_for(b"telling", 120)
            assert terminal.hang_up()
        finally:
            terminal.close()
        self.struck = True
        self.rig.repaired_at = time.monotonic()


class ShellExchanged(Fault):
    """Login shell with another prompt."""

    in_a_push = False

    def prepare(self) -> None:
        prompt = self.chance.choice(PROMPTS)
        with self.rig.shell() as shell:
            shell.run(f"echo \"PS1='{prompt}'\" >/root/.profile")
        self._log_out()
        self.struck = True

    def end(self) -> None:
        super().end()
        with self.rig.shell() as shell:
            shell.run("rm /root/.profile")
        self._log_out()

    def _log_out(self) -> None:
        transport = SerialTransport(self.rig.cable.host_path or "/dev/unplugged", 30)
        transport.write(b"exit\r")
        transport.close()


class Inserted(Fault):
    """Something foreign between the bytes to the host."""

    def foreign(self) -> bytes:
        raise NotImplementedError

    def prepare(self) -> None:
        def corrupt(data: bytes) -> bytes:
            out = bytearray(data)
            for at in range(len(out), 0, -1):
                if self.chance.random() < 1 / INSERT_PERIOD:
                    out[at:at] = self.foreign()
                    self.struck = True
            return bytes(out)

        self.rig.to_host = corrupt


class OtherEncoding(Inserted):
    """Lines that are not UTF-8."""

    def foreign(self) -> bytes:
        return self.chance.choice(OTHER_TEXT)


class HostileFrames(Inserted):
    """Whole frames of another agent that lies in every field."""

    in_a_push = False

    def foreign(self) -> bytes:
        message = Liar(self.chance).message()
        return encode(Frame(message.type, self.chance.randrange(1 << 16), message.payload()))


class FullDisk(Fault):
    """Disk of the host without room for the recording."""

    in_a_push = False

    def join(self, session: Session) -> None:
        session.subscribe(self._on_events)
        self._folder = tempfile.TemporaryDirectory()
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        session.record(Path(self._folder.name) / "recording.jsonl")
        # Python ignores SIGXFSZ, so a write beyond the limit fails
        room = self.chance.randrange(400, 4_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, self._limits[1]))

    def _on_events(self, _state: SessionState, batch: Batch) -> None:
        self.struck |= any(isinstance(event, events.RecordingFailed) for event in batch)

    def end(self) -> None:
        super().end()
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self._folder.cleanup()


ENVIRONMENT_FAULTS: tuple[type[Fault], ...] = (
    WindowClosed,
    ShellExchanged,
    OtherEncoding,
    HostileFrames,
    FullDisk,
)
