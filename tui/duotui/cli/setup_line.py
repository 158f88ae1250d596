"""The lines that `duotui setup` sends over: a UART, the board's own USB port, ssh."""

from collections.abc import Callable
from dataclasses import dataclass

from duotui.base.board_profile import DUO_64M
from duotui.link.port_thread import Transport
from duotui.link.ports import Port, port_of
from duotui.link.serial_transport import SerialTransport
from duotui.link.ssh_transport import Agree, SshTransport
from duotui.targets.board import same_board

WRITE_TIMEOUT = 30.0
"""Seconds until a board that is busy with one block takes bytes of the next."""

UART_RATE = DUO_64M.baud_rate * 7 // 100
"""Bytes of a file a second: a tenth of the baud rate, less base64 and the acknowledgements."""
USB_RATE = 190_000
SSH_RATE = 300_000
"""Bytes a second that were measured where the board is emulated, and a careful guess for ssh."""


FAST_RATE = 100_000
"""Bytes a second over which the board's USB port gains little."""


@dataclass(frozen=True, slots=True)
class SetupLine:
    """A line to a board. `rate` is the expected bytes of a file a second. `is_port` is False for
    ssh; `is_usb_port` is True for the board's own port."""

    name: str
    rate: int
    open: Callable[[], Transport]
    is_port: bool = True
    is_usb_port: bool = False

    @property
    def is_fast(self) -> bool:
        return self.rate >= FAST_RATE


def path_line(path: str, ports: Callable[[], list[Port]]) -> SetupLine:
    """The line at a path of this computer, or at a URL."""
    return serial_line(port_of(path, ports()), ports)


def serial_line(port: Port, ports: Callable[[], list[Port]]) -> SetupLine:
    """The line at a port. The same board is found again if its port has another name."""
    is_usb_port = port.kind == "duo"

    def open_port() -> Transport:
        found = same_board(port, ports()) if port.serial_number else port
        return SerialTransport(found.path, WRITE_TIMEOUT)

    rate = USB_RATE if is_usb_port else UART_RATE
    return SetupLine(name=port.path, rate=rate, open=open_port, is_usb_port=is_usb_port)


def ssh_line(host: str, agree: Agree) -> SetupLine:
    return SetupLine(
        name=host, rate=SSH_RATE, open=lambda: SshTransport(host, agree), is_port=False
    )
