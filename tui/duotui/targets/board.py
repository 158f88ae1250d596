"""A real board's port: `auto`, a serial number, a device path or a URL, as a Channel.

Opening it logs in if necessary and starts the agent. Reopening it finds the same board by its USB
serial number, even if the port's name has changed.
"""

from collections.abc import Callable

from duotui.base.errors import DuotuiError, NoDevice
from duotui.base.translation import gettext as _
from duotui.board.agent_launcher import start_agent
from duotui.link.ports import Port, port_of, ports
from duotui.link.serial_transport import SerialTransport
from duotui.link.usb_devices import UsbDevice, usb_devices


class BoardTarget:
    """Channel to a real board. `ports` lists the ports of this computer, `on_usb` the boards."""

    def __init__(
        self,
        target: str,
        ports: Callable[[], list[Port]] = ports,
        on_usb: Callable[[], list[UsbDevice]] = usb_devices,
    ) -> None:
        self.target = target
        self._ports, self._on_usb = ports, on_usb
        self._known: Port | None = None

    def open(self) -> tuple[SerialTransport, str]:
        port = self._find()
        transport = SerialTransport(port.path)
        self._known = port
        try:
            start_agent(transport)
        except BaseException:
            transport.close()
            raise
        return transport, port.described or port.path

    def _find(self) -> Port:
        """Return the board's port. A named link is followed anew: its device may have another
        name."""
        present, known = self._ports(), self._known
        if known is not None and (known.serial_number or self.target == "auto"):
            return same_board(known, present)
        return port_of(self.target, present, self._on_usb())

    def cause(self, error: DuotuiError) -> DuotuiError:
        return error

    def close(self) -> None:
        pass


def same_board(known: Port, present: list[Port]) -> Port:
    """Return the present port of the board at `known`. Raises NoDevice if it is missing or
    ambiguous."""
    if not known.serial_number:
        return port_of(known.path, present)
    same = [port for port in present if port.serial_number == known.serial_number]
    same = [port for port in same if port.path == known.path] or same
    if len(same) != 1:
        where = _("is not plugged in") if not same else _("cannot be told from another one")
        raise NoDevice(
            _(
                "the board of serial number {serial_number} {where}",
                serial_number=known.serial_number,
                where=where,
            ),
            _("plug it in"),
        )
    return same[0]
