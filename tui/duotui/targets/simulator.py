"""The simulated Duo: the same engine and agent, built for this computer, behind two ptys.

It is a Channel like a real port: the bytes cross two real ttys, and pyserial reads them.
"""

import contextlib
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from duotui.base import resources
from duotui.base.child_process import child_environment, last_line
from duotui.base.errors import DuotuiError, LinkBroken, NotReady, UsageError
from duotui.base.oscompat import HAS_PTYS
from duotui.base.translation import gettext as _
from duotui.link.pty_cable import PtyCable
from duotui.link.serial_transport import SerialTransport
from duotui.targets.engine_binary import find_engine


def check_can_simulate() -> None:
    """Raise NotReady if no simulated Duo can run."""
    if not HAS_PTYS:
        raise NotReady(
            _("the simulated Duo needs pseudo-terminals, and this system has none"),
            _("connect a board and name its port: duotui devices lists them"),
        )


class SimulatedDuo:
    """`corrupt` changes the bytes on their way to the host. `voice` is a program that speaks
    sentences, `microphone` one that records (docs/speech.md). Without them a simulated Duo has
    neither."""

    target = "sim"

    def __init__(
        self,
        model: Path = resources.MODEL,
        tokenizer: Path | None = None,
        corrupt: Callable[[bytes], bytes] | None = None,
        voice: Path | None = None,
        microphone: Path | None = None,
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self._corrupt, self._voice, self._microphone = corrupt, voice, microphone
        self._cable: PtyCable | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def open(self) -> tuple[SerialTransport, str]:
        command = [str(find_engine()), "serve", str(self.model)]
        if self.tokenizer is not None:
            command += ["-z", str(self.tokenizer)]
        if self._voice is not None:
            command += ["--voice", str(self._voice)]
        if self._microphone is not None:
            command += ["--ear", str(self._microphone)]
        cable = self._cable = PtyCable(self._corrupt)
        try:
            self.process = subprocess.Popen(
                command,
                stdin=cable.board_end,
                stdout=cable.board_end,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=child_environment(),
            )
        except OSError as error:
            raise UsageError(
                _("{command} cannot be started", command=command[0]), str(error)
            ) from error
        cable.start()
        return SerialTransport(cable.host_path), _(
            "simulated Duo behind {host_path}", host_path=cable.host_path
        )

    def cause(self, error: DuotuiError) -> DuotuiError:
        """Return the engine's end, if it has ended, as the cause of the lost port; else `error`."""
        process = self.process
        if process is None:
            return error
        try:
            status = process.wait(0.3)
        except subprocess.TimeoutExpired:
            return error
        message = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
        if status == 2:
            return UsageError(
                message.removeprefix("duollama: ") or _("the engine refused its files")
            )
        if status < 0:
            return LinkBroken(_("the engine was killed ({signal})", signal=_signal(-status)))
        return LinkBroken(
            _("the engine stopped with status {status}", status=status), last_line(message)
        )

    def close(self) -> None:
        if self._cable is not None:
            self._cable.cut()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.3)
            self.process.kill()
            self.process.wait()
            if self.process.stderr:
                self.process.stderr.close()
        self._cable = self.process = None


def _signal(number: int) -> str:
    with contextlib.suppress(ValueError):
        return _("signal {number}, {name}", number=number, name=signal.Signals(number).name)
    return _("signal {number}", number=number)
