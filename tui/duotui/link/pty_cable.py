"""A cable between two ptys, so that bytes cross real ttys on both of their sides.

    engine <-> slave A | master A  <-  Wire  ->  master B | slave B <-> pyserial

`spoil` stands for what a real cable does: it is given each piece of bytes that goes to the
host, and gives what arrives; `spoil_board` is the same for what goes to the board. Cutting
the wire hangs up both ends. Unplugging hangs up the host's alone, as where a board has power of
its own: what it says meanwhile is lost. Plugged in again, it is another port.
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
    """Raises NotReady where the system has no ptys."""

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
        self._orders, self._order = os.pipe()
        self._thread = threading.Thread(target=self._relay, name="wire", daemon=True)

    def start(self) -> None:
        """Begin to carry bytes. The engine must have `board_end` by now: this lets go of it, so
        that the engine's death is seen as a hang-up."""
        os.close(self.board_end)
        self._thread.start()

    def unplug(self) -> None:
        """From the host, which then has no such port: its name is soon another's. Harmless to
        repeat; may be called by `spoil`."""
        self.host_path = ""
        with contextlib.suppress(OSError):
            os.write(self._order, _UNPLUG)

    def plug(self) -> str:
        """Into the host again; the port that it is now."""
        plug = _HostEnd()
        self._plugs.append(plug)
        self.host_path = plug.path
        os.write(self._order, _PLUG)
        return plug.path

    def cut(self) -> None:
        """Hang up both ends. Harmless to repeat."""
        if self._order < 0:
            return
        if self._thread.ident is None:
            self.start()
        with contextlib.suppress(OSError):
            os.write(self._order, _CUT)
        self._thread.join()
        os.close(self._order)
        self._order = -1

    def _relay(self) -> None:
        to_host, to_board = b"", b""
        host: _HostEnd | None = self._plugs.pop(0)
        try:
            while True:
                # A side is read only while the other takes bytes: a full tty holds up its writer.
                wanted = [self._orders]
                wanted += [self._master] if not to_host else []
                wanted += [host.master] if host and not to_board else []
                full = [host.master] if host and to_host else []
                full += [self._master] if to_board else []
                ready, _writable, _ = select.select(wanted, full, [])
                if self._orders in ready:
                    order = os.read(self._orders, 1)
                    if order == _CUT:
                        return
                    if host is not None:
                        host.close()
                    host = self._plugs.pop(0) if order == _PLUG else None
                    to_host = to_board = b""
                    continue
                if self._master in ready:
                    said = os.read(self._master, _PIECE)
                    if not said:  # macOS's way to say that the board hung up; Linux's is EIO
                        return
                    to_host += self._corrupt(said)
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
            os.close(self._orders)


class _HostEnd:
    """The host's end: its port, which hangs up when this is closed."""

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
