"""A cable between two ptys, so that bytes cross real ttys on both of their sides.

    engine <-> slave A | master A  <-  Wire  ->  master B | slave B <-> pyserial

`spoil` stands for what a real cable does: it is given each piece of bytes that goes to the
host, and gives what arrives; `spoil_board` is the same for what goes to the board. Cutting
the wire hangs up both ends, as unplugging does.
"""

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable

_PIECE = 4096


class Wire:
    def __init__(
        self,
        spoil: Callable[[bytes], bytes] | None = None,
        spoil_board: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._spoil = spoil or (lambda data: data)
        self._spoil_board = spoil_board or (lambda data: data)
        self._master_a, self.board_end = os.openpty()
        self._master_b, self._slave_b = os.openpty()
        for end in (self.board_end, self._slave_b):
            tty.setraw(end)
        self.host_path = os.ttyname(self._slave_b)
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._relay, name="wire", daemon=True)

    def start(self) -> None:
        """Begin to carry bytes. The engine must have `board_end` by now: this lets go of it, so
        that the engine's death is seen as a hang-up."""
        os.close(self.board_end)
        self._thread.start()

    def cut(self) -> None:
        """Hang up both ends. Harmless to repeat."""
        if self._stop_write < 0:
            return
        if self._thread.ident is None:
            self.start()
        with contextlib.suppress(OSError):
            os.write(self._stop_write, b"x")
        self._thread.join()
        os.close(self._stop_write)
        self._stop_write = -1

    def _relay(self) -> None:
        to_host, to_board = b"", b""
        masters = (self._master_a, self._master_b)
        for master in masters:
            os.set_blocking(master, False)
        try:
            while True:
                # A side is read only while the other takes bytes: a full tty holds up its writer.
                wanted = [self._stop_read]
                wanted += [self._master_a] if not to_host else []
                wanted += [self._master_b] if not to_board else []
                full = [self._master_b] if to_host else []
                full += [self._master_a] if to_board else []
                ready, _writable, _ = select.select(wanted, full, [])
                if self._stop_read in ready:
                    return
                if self._master_a in ready:
                    to_host += self._spoil(os.read(self._master_a, _PIECE))
                if self._master_b in ready:
                    to_board += self._spoil_board(os.read(self._master_b, _PIECE))
                if to_host:
                    to_host = to_host[_write(self._master_b, to_host) :]
                if to_board:
                    to_board = to_board[_write(self._master_a, to_board) :]
        except OSError:
            return
        finally:
            for end in (*masters, self._slave_b, self._stop_read):
                os.close(end)


def _write(master: int, data: bytes) -> int:
    try:
        return os.write(master, data)
    except BlockingIOError:
        return 0
