"""A real board's port: `auto`, a device path or a URL, as a Channel.

To open it is to reach the agent behind it, through a login where there is one.
"""

from duotui.board.storyteller import reach
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
        transport = SerialTransport(path)
        try:
            reach(transport)
        except BaseException:
            transport.close()
            raise
        return transport, described or path

    def cause(self, error: DuotuiError) -> DuotuiError:
        return error

    def close(self) -> None:
        pass
