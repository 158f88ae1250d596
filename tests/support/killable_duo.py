"""Simulated Duo that can be killed for good."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from duotui.base.errors import LinkBroken
from duotui.targets.simulator import SimulatedDuo

if TYPE_CHECKING:
    from duotui.link.serial_transport import SerialTransport


class KillableDuo(SimulatedDuo):
    """Board that stays away after a kill, until `dead` is cleared."""

    dead = False

    def open(self) -> tuple[SerialTransport, str]:
        if self.dead:
            raise LinkBroken("it is dead", "wait")
        return super().open()

    def kill(self) -> None:
        self.dead = True
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
