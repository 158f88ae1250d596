"""A machine to judge: its channel, its conditions and its memory bandwidth."""

import platform
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from duotui.base.child_process import child_environment, run_program
from duotui.board.agent_launcher import BOARD_FOLDER, ENGINE_NAME, open_shell
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.link.port_thread import Channel
from duotui.link.ports import path_of
from duotui.link.serial_transport import SerialTransport
from duotui.scoring import roofline
from duotui.scoring.machine_conditions import CONDITIONS_SCRIPT, MachineConditions, parse_conditions
from duotui.scoring.roofline import BandwidthSweep
from duotui.targets.board import BoardTarget
from duotui.targets.engine_binary import find_engine
from duotui.targets.simulator import SimulatedDuo, check_can_simulate
from duotui.targets.virtual_duo import VirtualDuo, prepared_card


class JudgedMachine(Protocol):
    channel: Channel

    def conditions(self) -> MachineConditions:
        """Read the conditions of the idle machine. Raises DuotuiError."""
        ...

    def bandwidth(self) -> BandwidthSweep:
        """Measure the memory bandwidth. Raises DuotuiError."""
        ...


@dataclass
class LocalMachine:
    """This computer, as the simulated Duo. Its conditions come from `proc`, which only Linux
    has."""

    channel: Channel
    proc: Path = Path("/proc")

    def conditions(self) -> MachineConditions:
        if not self.proc.is_dir():
            return _little_known()
        result = run_program(["sh", "-c", CONDITIONS_SCRIPT], check=False)
        return parse_conditions(result.stdout)

    def bandwidth(self) -> BandwidthSweep:
        result = run_program([find_engine(), "bandwidth"], check=False)
        return roofline.parse_sweep(result.stdout)


def _little_known() -> MachineConditions:
    system = platform.uname()
    return MachineConditions(
        image=platform.platform(),
        kernel=f"{system.system} {system.release}",
        machine=system.machine,
        memory=0,
        available=0,
        swaps=None,
        slowed=False,
        temperatures=(),
        clock=0,
        busy=None,
    )


@dataclass
class RemoteMachine:
    """A board at the end of a line. A running agent is ended for each measurement."""

    channel: Channel
    path: str

    def conditions(self) -> MachineConditions:
        return parse_conditions(self._output_of(CONDITIONS_SCRIPT))

    def bandwidth(self) -> BandwidthSweep:
        return roofline.parse_sweep(self._output_of(f"{BOARD_FOLDER}/{ENGINE_NAME} bandwidth"))

    def _output_of(self, command: str) -> str:
        transport = SerialTransport(self.path)
        try:
            spawn = TransportSpawn(transport)
            with open_shell(spawn, probe_peer(spawn)) as shell:
                return shell.run(command, 60)
        finally:
            transport.close()


@contextmanager
def judged_machine(
    target: str,
    model: Path,
    tokenizer: Path | None,
    sound: Path | None = None,
    *,
    private: bool = False,
) -> Iterator[JudgedMachine]:
    """Yield the machine of `target`, as on the command line. `private` gives a virtual Duo a card
    of its own, which is deleted afterwards. Raises DuotuiError."""
    if target == "sim":
        check_can_simulate()
        yield LocalMachine(SimulatedDuo(model, tokenizer))
    elif target == "virtual":
        with _card(model, tokenizer, private) as card:
            board = VirtualDuo(card, sound=sound)
            try:
                transport, _ = board.start()
                transport.close()
                assert board.cable is not None
                path = board.cable.host_path
                yield RemoteMachine(BoardTarget(path), path)
            finally:
                board.close()
    else:
        path = path_of(target)
        yield RemoteMachine(BoardTarget(path), path)


@contextmanager
def _card(model: Path, tokenizer: Path | None, private: bool) -> Iterator[Path]:
    shared = prepared_card(model, tokenizer)
    if not private:
        yield shared
        return
    with tempfile.TemporaryDirectory(prefix="duotui-") as folder:
        own = Path(folder) / "card.img"
        # most of an image is empty, and stays sparse
        subprocess.run(["cp", "--sparse=always", shared, own], check=True, env=child_environment())
        yield own
