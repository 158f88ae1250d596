"""Set up a board: show the files that it has and those it lacks, ask, send them, start its port."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from duotui.base import resources
from duotui.base.board_profile import UsbRole
from duotui.base.clock import Clock, MonotonicClock
from duotui.base.errors import (
    Cancelled,
    DuotuiError,
    LinkBroken,
    NoPermission,
    NotReady,
    UsageError,
)
from duotui.base.progress import ProgressLine, TransferProgress, duration
from duotui.board.agent_launcher import open_shell
from duotui.board.installer import (
    InstallFile,
    InstallPlan,
    install_files,
    plan_install,
    send,
    try_engine,
)
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.board.sd_card import install_on_card
from duotui.board.shell import Shell, ShellLost
from duotui.board.usb_port import (
    PORT_SECONDS,
    has_usb_port,
    start_usb_port,
    usb_number,
    wait_for_port,
)
from duotui.cli.setup_line import USB_RATE, SetupLine, serial_line, ssh_line
from duotui.link.ports import Port, path_of, ports
from duotui.link.usb_devices import UsbDevice, usb_devices, without_port
from duotui.protocol.request import Mode
from duotui.targets import packer

RETURN_SECONDS = 120
"""Seconds until a board that was lost is given up."""

LOSSES_WITHOUT_PROGRESS = 5

READY_BY_SSH = "ready: connect the board by USB to a computer, and duotui there tells from it"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """`net` is a host that is set up by ssh, `card` the folder of a mounted card, if not None."""

    target: str
    model: Path
    tokenizer: Path | None
    engine: Path = resources.BOARD
    yes: bool = False
    card: Path | None = None
    net: str | None = None


def setup(options: SetupOptions, out: TextIO) -> None:
    """Set up a board behind a port or by ssh, or a mounted card. Raises DuotuiError, and Cancelled
    if the user declines."""
    if options.target in ("sim", "virtual"):
        raise UsageError(f"{options.target} needs no setup", f"duotui {options.target} tells")
    model = packer.packed_model(options.model, options.tokenizer)
    files = install_files(options.engine, model)
    if options.card is not None:
        for written in install_on_card(options.card, files):
            print(f"  {written}", file=out)
        print("ready: unmount the card, and put it into the board", file=out)
        return
    BoardSetup(options, out).run(files)


class BoardSetup:
    """Setup of a running board. `ports` and `on_usb` list those of this computer."""

    def __init__(
        self,
        options: SetupOptions,
        out: TextIO,
        clock: Clock | None = None,
        *,
        ports: Callable[[], list[Port]] = ports,
        on_usb: Callable[[], list[UsbDevice]] = usb_devices,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._options, self._out = options, out
        self._clock = clock or MonotonicClock()
        self._ports, self._on_usb, self._sleep = ports, on_usb, sleep
        self._progress = ProgressLine(out)
        self._losses = 0

    def run(self, files: tuple[InstallFile, ...]) -> None:
        line = self._line()
        with self._shell(line) as shell:
            plan = plan_install(shell, files)
        expected = not line.is_usb_port and self._sees_board()
        self._show(plan, line)
        if plan.missing:
            self._confirm(plan, line, expected)
        first = [part for part in plan.missing if part.is_small or line.is_fast]
        number = self._persist(line, lambda shell: self._prepare(shell, first))
        if not line.is_usb_port:
            line = self._usb_line(number, expected) or line
        rest = [part for part in plan.missing if part not in first]
        modes = self._persist(line, lambda shell: self._finish(shell, rest))
        self._print(f"it begins a story in each mode: {', '.join(modes)}")
        self._print(f"ready: duotui {line.name} tells from it" if line.is_port else READY_BY_SSH)

    def _line(self) -> SetupLine:
        if self._options.net is not None:
            return ssh_line(self._options.net, self._agree)
        return serial_line(path_of(self._options.target), self._ports)

    def _prepare(self, shell: Shell, parts: Sequence[InstallFile]) -> str:
        """Send `parts` and start the board's USB port; return its serial number."""
        send(shell, parts, self._clock, self._report)
        number = usb_number(shell)
        if not has_usb_port(shell):
            start_usb_port(shell)
        return number

    def _finish(self, shell: Shell, parts: Sequence[InstallFile]) -> tuple[Mode, ...]:
        send(shell, parts, self._clock, self._report)
        return try_engine(shell)

    def _usb_line(self, number: str, expected: bool) -> SetupLine | None:
        """The line at the board's USB port, if it is plugged in here. Raises NotReady if it is
        expected, and was the network card that ssh went over."""
        seconds = PORT_SECONDS if expected else 1
        port = wait_for_port(number, self._ports, self._sleep, seconds)
        if port is not None:
            self._print(f"the board's USB port is {port.path}: setup goes on there")
            return serial_line(port.path, self._ports)
        if expected and self._options.net is not None:
            raise NotReady(
                "the board is set up, and its USB port does not come",
                "unplug the board, plug it in again, and look with duotui devices",
            )
        return None

    def _sees_board(self) -> bool:
        """True if a board without a port is on this computer's USB."""
        kinds = (UsbRole.NETWORK.value, "usb")
        known = [port.path for port in self._ports()]
        return any(device.kind in kinds for device in without_port(self._on_usb(), known))

    @contextmanager
    def _shell(self, line: SetupLine) -> Iterator[Shell]:
        transport = line.open()
        try:
            spawn = TransportSpawn(transport)
            with open_shell(spawn, probe_peer(spawn)) as shell:
                yield shell
        finally:
            transport.close()

    def _persist(self, line: SetupLine, work: Callable[[Shell], T]) -> T:
        """Do `work`, again if the board was reset or its cable pulled: what has arrived is not sent
        twice. Raises DuotuiError if it does not come back, or is lost again and again."""
        until, said = self._clock.now() + RETURN_SECONDS, ""
        while True:
            entered = False
            try:
                with self._shell(line) as shell:
                    entered = True
                    return work(shell)
            except (Cancelled, NoPermission, UsageError):
                raise
            except DuotuiError as error:
                self._progress.end()
                if entered:
                    until = self._clock.now() + RETURN_SECONDS
                    self._losses += 1
                lost = not entered or isinstance(error, LinkBroken | ShellLost)
                late = self._clock.now() >= until or self._losses == LOSSES_WITHOUT_PROGRESS
                if not lost or late:
                    raise
                if error.message != said:
                    said = error.message
                    self._print(f"{said}: waiting for it; setup goes on by itself")
            self._sleep(1)

    def _report(self, part: InstallFile, now: TransferProgress) -> None:
        self._losses = 0
        self._progress.show(part.name, now)

    def _show(self, plan: InstallPlan, line: SetupLine) -> None:
        info = plan.info
        self._print(
            f"{line.name}: {info.kernel}, {info.memory / 2**20:.1f} MB of memory,"
            f" swap {'on' if info.swaps else 'off'}, {info.free_bytes / 1e6:.0f} MB free"
        )
        for part in plan.parts:
            action = (
                f"to {'replace' if part in plan.replaced else 'send'}, {part.size / 1e6:.1f} MB"
            )
            self._print(f"  {part.target:<28} {action if part in plan.missing else 'is there'}")

    def _confirm(self, plan: InstallPlan, line: SetupLine, expected: bool) -> None:
        """Ask whether to send what is missing. Raises Cancelled if the user declines."""
        if not self._options.yes and not self._agree(how_long(plan, line, expected)):
            raise Cancelled("nothing was changed")

    def _agree(self, question: str, *, risky: bool = False) -> bool:
        if self._options.yes and not risky:
            self._print(f"{question} yes")
            return True
        if self._options.yes or not sys.stdin.isatty():
            if risky:
                return False
            raise UsageError("setup asks before it changes a board", "--yes says yes")
        choices = "[y/N]" if risky else "[Y/n]"
        print(f"{question} {choices} ", end="", file=self._out, flush=True)
        answer = sys.stdin.readline().strip().lower()
        return answer in ("y", "yes") or (answer == "" and not risky)

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def how_long(plan: InstallPlan, line: SetupLine, expected: bool) -> str:
    """The question whether to send, with the bytes and the time of each line. If a USB port of the
    board is `expected` here, what is large goes over that."""
    small = sum(part.size for part in plan.missing if part.is_small)
    whole, large = plan.size / line.rate, plan.size - small
    if line.is_fast:
        return f"Send {megabytes(plan.size)} ({duration(whole)})?"
    later = duration(small / line.rate + large / USB_RATE)
    if expected:
        return (
            f"Send {megabytes(small)} over this line, then {megabytes(large)} over the board's USB"
            f" port ({later} in all)?"
        )
    return (
        f"Send {megabytes(plan.size)} ({duration(whole)}; {later} if the board's USB cable is"
        " plugged in here, too)?"
    )


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
