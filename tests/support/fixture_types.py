"""Types of fixtures that tests name in their signatures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import PeerState, probe_peer
from duotui.board.shell import Shell
from duotui.link.serial_transport import SerialTransport
from duotui.targets.virtual_duo import VirtualDuo
from duotui.ui.app import ConsoleApp

MakeConsole = Callable[..., ConsoleApp]

OpenLine = Callable[..., AbstractContextManager[TransportSpawn]]
"""Runner of a program on a tty, which gives the host's end of the line to it."""


@dataclass(frozen=True)
class RunningBoard:
    """Running virtual Duo, and its line."""

    board: VirtualDuo
    spawn: TransportSpawn

    def find(self) -> PeerState:
        return probe_peer(self.spawn, patience=10, boot=100)

    def shell(self) -> Shell:
        return Shell.enter(self.spawn, self.find())


def port_of(spawn: TransportSpawn) -> str:
    """Serial port that `spawn` is connected to."""
    assert isinstance(spawn.transport, SerialTransport)
    return spawn.transport.target


StartBoard = Callable[..., AbstractContextManager[RunningBoard]]
