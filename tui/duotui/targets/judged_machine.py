"""A machine to be judged: the channel that it tells by, and the state that it is in."""

import platform
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from duotui.board.agent_launcher import HOME, PROGRAM, to_shell
from duotui.board.pexpect_transport import Spawn
from duotui.board.port_probe import find_state
from duotui.link.port_thread import Channel
from duotui.link.ports import path_of
from duotui.link.serial_transport import SerialTransport
from duotui.scoring import roofline
from duotui.scoring.machine_conditions import SCRIPT, Conditions, parse
from duotui.scoring.roofline import Sweep
from duotui.targets.board import Board
from duotui.targets.engine_binary import program
from duotui.targets.simulator import Sim, check_host
from duotui.targets.virtual_duo import Virtual, storyteller_card


class Bench(Protocol):
    channel: Channel

    def look(self) -> Conditions:
        """What state it is in, while nothing is asked of it. Raises DuotuiError."""
        ...

    def sweep(self) -> Sweep:
        """How fast its memory is. Raises DuotuiError."""
        ...


@dataclass
class Here:
    """This computer, as the simulated Duo. Linux says in `proc` what state it is in."""

    channel: Channel
    proc: Path = Path("/proc")

    def look(self) -> Conditions:
        if not self.proc.is_dir():
            return _little_known()
        said = subprocess.run(["sh", "-c", SCRIPT], capture_output=True, encoding="utf-8")
        return parse(said.stdout)

    def sweep(self) -> Sweep:
        said = subprocess.run([program(), "bandwidth"], capture_output=True, encoding="utf-8")
        return roofline.parse(said.stdout)


def _little_known() -> Conditions:
    system = platform.uname()
    return Conditions(
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
class There:
    """A board at the end of a line; the agent, if it runs, leaves it for the look."""

    channel: Channel
    path: str

    def look(self) -> Conditions:
        return parse(self._asked(SCRIPT))

    def sweep(self) -> Sweep:
        return roofline.parse(self._asked(f"{HOME}/{PROGRAM} bandwidth"))

    def _asked(self, command: str) -> str:
        transport = SerialTransport(self.path)
        try:
            spawn = Spawn(transport)
            shell = to_shell(spawn, find_state(spawn))
            said = shell.run(command, 60)
            shell.leave()
        finally:
            transport.close()
        return said


@contextmanager
def bench(
    target: str,
    model: Path,
    tokenizer: Path | None,
    sound: Path | None = None,
    *,
    private: bool = False,
) -> Iterator[Bench]:
    """`target` as on the command line; `private`: a virtual Duo with a card of its own, which is
    gone with it. Raises DuotuiError."""
    if target == "sim":
        check_host()
        yield Here(Sim(model, tokenizer))
    elif target == "virtual":
        with _card(model, tokenizer, private) as card:
            board = Virtual(card, sound=sound)
            try:
                transport, _ = board.start()
                transport.close()
                assert board.wire is not None
                path = board.wire.host_path
                yield There(Board(path), path)
            finally:
                board.close()
    else:
        path = path_of(target)
        yield There(Board(path), path)


@contextmanager
def _card(model: Path, tokenizer: Path | None, private: bool) -> Iterator[Path]:
    shared = storyteller_card(model, tokenizer)
    if not private:
        yield shared
        return
    with tempfile.TemporaryDirectory(prefix="duotui-") as folder:
        own = Path(folder) / "card.img"
        # an image is small where it is empty
        subprocess.run(["cp", "--sparse=always", shared, own], check=True)
        yield own
