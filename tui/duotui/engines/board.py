"""A real board's port: `auto`, a device path or a URL, as a Channel."""

from duotui.errors import DuotuiError
from duotui.link.ports import find_board, ports
from duotui.link.transport import SerialTransport


class Board:
    def __init__(self, target: str) -> None:
        self.target = target

    def open(self) -> tuple[SerialTransport, str]:
        path, described = self.target, ""
        found = ports()
        if path == "auto":
            path = find_board(found).path
        for port in found:
            if port.path == path:
                described = port.described
        return SerialTransport(path), described or path

    def cause(self, error: DuotuiError) -> DuotuiError:
        return error

    def close(self) -> None:
        pass
