"""The serial port that a board has over its USB cable, after setup: its number and its start."""

from collections.abc import Callable, Sequence

from duotui.board.agent_launcher import BOARD_FOLDER
from duotui.board.shell import Shell
from duotui.link.ports import Port

START_SCRIPT = f"{BOARD_FOLDER}/start.sh"
START_LOG = "/tmp/duotui-start.log"

PORT_SECONDS = 60
"""Seconds until the port is there: the script waits up to 10 for the image's own gadget."""


def usb_number(shell: Shell) -> str:
    """Return the serial number that the board's port has, or will have."""
    return shell.run(f"{START_SCRIPT} number").strip()


def has_usb_port(shell: Shell) -> bool:
    """True if the board's USB gadget has a serial port already."""
    return not shell.ask("ls -d /tmp/usb/usb_gadget/*/functions/acm.*").status


def start_usb_port(shell: Shell) -> None:
    """Start the port in a second, when this shell has been left: a shell by ssh ends with the
    network card of before. The script outlives the shell's hang-up."""
    start = f"sleep 1; exec {START_SCRIPT}"
    shell.run(f"setsid sh -c '{start}' </dev/null >{START_LOG} 2>&1 &")


def wait_for_port(
    number: str,
    ports: Callable[[], Sequence[Port]],
    sleep: Callable[[float], object],
    seconds: int = PORT_SECONDS,
) -> Port | None:
    """Return this computer's port of the board with that serial number; None if it does not come
    in time."""
    for _ in range(seconds):
        for port in ports():
            if port.serial_number == number:
                return port
        sleep(1)
    return None
