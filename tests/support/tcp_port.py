"""Port of this computer, served to others as ser2net does: raw, or by RFC 2217."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import serial
from serial.rfc2217 import PortManager

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Connection:
    """Stream of PortManager's answers."""

    def __init__(self, peer: socket.socket) -> None:
        self.write = peer.sendall


class _Pty(serial.Serial):
    """Lacks the modem's lines that PortManager asks for and sets."""

    cts = dsr = ri = cd = rts = dtr = break_condition = False


@contextmanager
def served(path: str, scheme: str) -> Iterator[str]:
    """Yield the URL of the port at `path`; `scheme` is socket or rfc2217. One host at a time."""
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listening, path, scheme), daemon=True).start()
    try:
        yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _serve(listening: socket.socket, path: str, scheme: str) -> None:
    while True:
        try:
            peer, _ = listening.accept()
        except OSError:
            return
        with peer, _Pty(path, timeout=0.01) as port, suppress(OSError):
            manager = (
                PortManager(cast("Any", port), cast("Any", _Connection(peer)))
                if scheme == "rfc2217"
                else None
            )
            back = threading.Thread(target=_back, args=(peer, port, manager))
            back.start()
            try:
                while data := peer.recv(4096):
                    port.write(b"".join(manager.filter(data)) if manager else data)
            finally:
                peer.close()
                back.join()


def _back(peer: socket.socket, port: serial.Serial, manager: PortManager | None) -> None:
    with suppress(OSError):
        while peer.fileno() >= 0:
            if data := port.read(port.in_waiting or 1):
                peer.sendall(b"".join(manager.escape(data)) if manager else data)
