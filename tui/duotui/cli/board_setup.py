"""Set up a board: show the files that it has and those it lacks, ask, send them, start its port."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO, TypeVar

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
from duotui.base.progress import ProgressLine, TransferProgress
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.board.agent_launcher import open_shell
from duotui.board.installer import (
    InstallFile,
    plan_install,
    send,
    try_engine,
)
from duotui.board.owner_script import has_owner_script, keep_owner_script, undo_setup
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.board.shell import Shell, ShellLost
from duotui.board.usb_port import (
    PORT_SECONDS,
    has_usb_port,
    start_usb_port,
    usb_number,
    wait_for_port,
)
from duotui.cli.setup_dialog import OWNER_NOTE, SetupDialog, SetupOptions, how_long
from duotui.cli.setup_files import fitting_files
from duotui.cli.setup_line import SetupLine, path_line, serial_line, ssh_line
from duotui.link.ports import Port, path_of, ports
from duotui.link.usb_devices import UsbDevice, usb_devices, without_port
from duotui.protocol.request import Mode

RETURN_SECONDS = 120
"""Seconds until a board that was lost is given up."""

LOSSES_WITHOUT_PROGRESS = 5

READY_BY_SSH = N_("ready: connect the board by USB to a computer, and duotui there tells from it")

T = TypeVar("T")


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
        self._options, self._dialog = options, SetupDialog(options.yes, out)
        self._clock = clock or MonotonicClock()
        self._ports, self._on_usb, self._sleep = ports, on_usb, sleep
        self._progress = ProgressLine(out)
        self._losses = 0

    def run(self, files: tuple[InstallFile, ...]) -> None:
        line = self._line()
        with self._shell(line) as shell:
            if self._options.undo:
                self._undo(shell, line)
                return
            files, notes = fitting_files(shell, files, self._options.model, self._options.tokenizer)
            plan = plan_install(shell, files)
            if has_owner_script(shell):
                notes.append(str(OWNER_NOTE))
        expected = not line.is_usb_port and self._sees_board()
        self._dialog.show(plan, line)
        for note in notes:
            self._dialog.say(f"  {note}")
        if plan.missing:
            self._dialog.confirm(how_long(plan, line, expected))
        first = [part for part in plan.missing if part.is_small or line.is_fast]
        number = self._persist(line, lambda shell: self._prepare(shell, first))
        if not line.is_usb_port:
            line = self._usb_line(number, expected) or line
        rest = [part for part in plan.missing if part not in first]
        modes = self._persist(line, lambda shell: self._finish(shell, rest))
        self._dialog.say(_("it begins a story in each mode: {modes}", modes=", ".join(modes)))
        self._dialog.say(
            _("ready: duotui {name} tells from it", name=line.name)
            if line.is_port
            else _(READY_BY_SSH)
        )

    def _line(self) -> SetupLine:
        if self._options.net is not None:
            return ssh_line(self._options.net, self._dialog.trust)
        return path_line(path_of(self._options.target), self._ports)

    def _prepare(self, shell: Shell, parts: Sequence[InstallFile]) -> str:
        """Send `parts` and start the board's USB port; return its serial number."""
        keep_owner_script(shell)
        send(shell, parts, self._clock, self._report)
        number = usb_number(shell)
        if not has_usb_port(shell):
            start_usb_port(shell)
        return number

    def _finish(self, shell: Shell, parts: Sequence[InstallFile]) -> tuple[Mode, ...]:
        send(shell, parts, self._clock, self._report)
        return try_engine(shell)

    def _undo(self, shell: Shell, line: SetupLine) -> None:
        """Remove what setup has put on the board, if the user agrees. Raises Cancelled."""
        self._dialog.confirm(_("Remove duotui from the board at {name}?", name=line.name))
        undo_setup(shell)
        self._dialog.say(_("removed: turn the board off and on, and it starts as before"))

    def _usb_line(self, number: str, expected: bool) -> SetupLine | None:
        """The line at the board's USB port, if it is plugged in here. Raises NotReady if it is
        expected, and was the network card that ssh went over."""
        seconds = PORT_SECONDS if expected else 1
        port = wait_for_port(number, self._ports, self._sleep, seconds)
        if port is not None:
            self._dialog.say(
                _("the board's USB port is {path}: setup goes on there", path=port.path)
            )
            return serial_line(port, self._ports)
        if expected and self._options.net is not None:
            raise NotReady(
                _("the board is set up, and its USB port does not come"),
                _("unplug the board, plug it in again, and look with duotui devices"),
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
                    self._dialog.say(
                        _("{said}: waiting for it; setup goes on by itself", said=said)
                    )
            self._sleep(1)

    def _report(self, part: InstallFile, now: TransferProgress) -> None:
        self._losses = 0
        self._progress.show(part.name, now)
