"""Virtual Duo for the tests: built by `make virtual`, with a new card for each."""

from __future__ import annotations

import fcntl
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from duotui.base import cache, resources
from duotui.base.board_profile import MemoryLayout
from duotui.base.errors import NotReady
from duotui.board.pexpect_transport import TransportSpawn
from duotui.targets.virtual_duo import (
    VirtualDuo,
    VirtualMachine,
    make_card,
    prepared_card,
)
from support.board_faults import BoardRig
from support.emulators import BOARD_FOLDER, build, find_tools
from support.fixture_types import RunningBoard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.fixture_types import StartBoard


@pytest.fixture(scope="session")
def machine() -> VirtualMachine:
    try:
        return VirtualMachine.find()
    except NotReady as missing:
        pytest.skip(str(missing))


@pytest.fixture
def default_card(machine: VirtualMachine) -> Iterator[None]:
    """The one card in the user's cache, which one virtual Duo at a time may use."""
    path = cache.cache_folder() / "virtual-card.test-lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def engine(machine: VirtualMachine) -> Path:
    """duollama for the virtual Duo's processor."""
    assert not isinstance(find_tools(), str)
    return build(BOARD_FOLDER, "rv64gcv")


@pytest.fixture(scope="session")
def stock(machine: VirtualMachine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Card of a factory-new Duo."""
    card = tmp_path_factory.mktemp("card") / "stock.img"
    make_card(card)
    return card


@pytest.fixture
def start(stock: Path, tmp_path: Path) -> StartBoard:
    @contextmanager
    def starting(
        memory: MemoryLayout = MemoryLayout.FREED,
        card: Path | None = None,
        sound: Path | None = None,
    ) -> Iterator[RunningBoard]:
        if card is None:
            card = tmp_path / "card.img"
            subprocess.run(["cp", "--sparse=always", stock, card], check=True)
        board = VirtualDuo(card, memory, sound)
        try:
            transport, _ = board.start()
            yield RunningBoard(board, TransportSpawn(transport))
            transport.close()
        finally:
            board.close()

    return starting


@pytest.fixture(scope="module")
def rig(machine: VirtualMachine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardRig]:
    """Board with the agent, for faults."""
    card = tmp_path_factory.mktemp("fire") / "card.img"
    prepared = prepared_card(resources.MODEL, resources.TOKENIZER)
    subprocess.run(["cp", "--sparse=always", prepared, card], check=True)
    rig = BoardRig(card)
    try:
        rig.start()
        yield rig
    finally:
        rig.board.close()
