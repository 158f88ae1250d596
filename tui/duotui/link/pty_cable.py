"""A cable between two ptys, so that bytes cross real ttys on both sides.

    Agent <-> slave A | master A <- PtyCable -> master B | slave B <-> pyserial

`corrupt` models the faults of a real cable. It maps each piece of bytes for the host to the bytes
that arrive; `corrupt_to_board` does the same for the board. Cutting the cable hangs up both ends.
Unplugging hangs up the host's end only, as with a board that has its own power: the board's output
meanwhile is lost. A cable that is plugged in again is another port.
"""

import contextlib
import os
import select
import threading
from collections.abc import Callable

from duotui.base.oscompat import open_pty

_PIECE = 4096
_CUT, _UNPLUG, _PLUG = b"x", b"u", b"p"


class PtyCable:
    """A cable between two ptys. Raises NotReady if the system has none."""

    def __init__(
        self,
        corrupt: Callable[[bytes], bytes] | None = None,
        corrupt_to_board: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._corrupt = corrupt or (lambda data: data)
        self._corrupt_to_board = corrupt_to_board or (lambda data: data)
        self._master, self.board_end, self.board_path = open_pty()
        self._plugs: list[_HostEnd] = [_HostEnd()]
        self.host_path = self._plugs[0].path
        self._control_reader, self._control_writer = os.pipe()
        self._thread = threading.Thread(target=self._relay, name="wire", daemon=True)

    def start(self) -> None:
        """Begin to relay bytes. The engine must have `board_end` by now: this closes it here, so
        that the engine's death causes a hang-up."""
        os.close(self.board_end)
        self._thread.start()

    def unplug(self) -> None:
        """Unplug the cable from the host, whose port disappears: its name may soon be another
        port's. Harmless to repeat; `corrupt` may call it."""
        self.host_path = ""
        with contextlib.suppress(OSError):
            os.write(self._control_writer, _UNPLUG)

    def plug(self) -> str:
        """Plug the cable into the host again; return the path of its new port."""
        plug = _HostEnd()
        self._plugs.append(plug)
        self.host_path = plug.path
        os.write(self._control_writer, _PLUG)
        return plug.path

    def cut(self) -> None:
        """Hang up both ends. Harmless to repeat."""
        if self._control_writer < 0:
            return
        if self._thread.ident is None:
            self.start()
        with contextlib.suppress(OSError):
            os.write(self._control_writer, _CUT)
        self._thread.join()
        os.close(self._control_writer)
        self._control_writer = -1

    def _relay(self) -> None:
        to_host, to_board = b"", b""
        host: _HostEnd | None = self._plugs.pop(0)
        try:
            while True:
                # A side is read only while the other accepts bytes: a full tty blocks its writer.
                readers = [self._control_reader]
                readers += [self._master] if not to_host else []
                readers += [host.master] if host and not to_board else []
                writers = [host.master] if host and to_host else []
                writers += [self._master] if to_board else []
                ready, _writable, _ = select.select(readers, writers, [])
                if self._control_reader in ready:
                    control = os.read(self._control_reader, 1)
                    if control == _CUT:
                        return
                    if host is not None:
                        host.close()
                    host = self._plugs.pop(0) if control == _PLUG else None
                    to_host = to_board = b""
                    continue
                if self._master in ready:
                    output = os.read(self._master, _PIECE)
                    if not output:  # the board hung up: macOS reads nothing, Linux raises EIO
                        return
                    to_host += self._corrupt(output)
                if host and host.master in ready:
                    to_board += self._corrupt_to_board(os.read(host.master, _PIECE))
                if to_host:
                    to_host = to_host[_write(host.master, to_host) :] if host else b""
                if to_board:
                    to_board = to_board[_write(self._master, to_board) :]
        except OSError:
            return
        finally:
            for plug in (*([host] if host else []), *self._plugs):
                plug.close()
            os.close(self._master)
            os.close(self._control_reader)


class _HostEnd:
    """The host's end: its port, which hangs up on `close`."""

    def __init__(self) -> None:
        self.master, self._slave, self.path = open_pty()

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)


def _write(master: int, data: bytes) -> int:
    try:
        return os.write(master, data)
    except BlockingIOError:
        return 0
