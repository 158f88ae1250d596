"""Card of `duotui setup --sd`: the board it makes, seen from the other end of its USB cable.

The cable and the computer at its end are the virtual Duo's own (dummy_hcd). Its /dev/ttyACM0 is the
host's port, its /dev/ttyGS0 the board's.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from duotui.base.board_profile import DUO_64M
from duotui.board.checks import check_board

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duotui.board.shell import Shell
    from support.fixture_types import StartBoard

pytestmark = pytest.mark.timeout(300)

ROOT_OFFSET = 129 << 20
"""Offset of the second partition: firmware/virtual/card."""

WAIT_FOR_READY = (
    "for i in $(seq 60); do [ -c /dev/ttyACM0 ] && pidof getty && exit 0; sleep 1; done; exit 1"
)
SYS = "/sys/bus/usb/devices/1-1"


@pytest.fixture(scope="module")
def card(stock: Path, engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Factory card in this computer's reader, after setup."""
    folder = tmp_path_factory.mktemp("usb")
    subprocess.run(["cp", "--sparse=always", stock, folder / "card.img"], check=True)
    with mounted(folder / "card.img", folder / "rootfs") as root:
        for _ in range(2):
            result = setup(root, engine)
            assert result.returncode == 0, result.stderr
    return folder / "card.img"


@contextmanager
def mounted(card: Path, where: Path, options: str = "rw") -> Iterator[Path]:
    """Mount its second partition."""
    where.mkdir(exist_ok=True)
    how = f"loop,offset={ROOT_OFFSET},{options}"
    result = subprocess.run(["mount", "-o", how, card, where], capture_output=True, text=True)
    if result.returncode:
        pytest.skip(f"a card cannot be mounted here: {result.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


def setup(root: Path, engine: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", "setup", "--sd", root, "--engine", engine],
        capture_output=True,
        text=True,
    )


def test_a_card_that_is_locked_is_said(stock: Path, engine: Path, tmp_path: Path) -> None:
    with mounted(stock, tmp_path / "rootfs", "ro") as root:
        result = setup(root, engine)
    assert (result.returncode, result.stderr.count("\n")) == (6, 1)
    assert "cannot be written; Read-only file system" in result.stderr


def usb(shell: Shell, name: str) -> str:
    return shell.run(f"cat {SYS}/{name}")


def test_is_a_serial_port_with_a_login(start: StartBoard, card: Path) -> None:
    with start(card=card) as duo:
        shell = duo.shell()
        shell.run(f"( {WAIT_FOR_READY} )", 100)
        assert usb(shell, "idVendor") == f"{DUO_64M.usb_vendor:04x}"
        assert usb(shell, "idProduct") == "1003"
        serial = usb(shell, "serial")
        assert serial.startswith("duotui-")
        # the network is still there, as the second function
        assert "192.168.42.1" in shell.run("ifconfig usb0")
        output = shell.run(
            "stty -F /dev/ttyACM0 raw -echo; exec 3<>/dev/ttyACM0; printf '\\r' >&3;"
            " timeout 10 head -c 30 <&3; true",
            60,
        )
        assert "Welcome to Milk-V Duo" in output
        assert not [f for f in check_board(shell) if f.right is False]
        shell.run("sync")
        duo.board.reset()
        shell = duo.shell()
        shell.run(f"( {WAIT_FOR_READY} )", 100)
        assert usb(shell, "serial") == serial
