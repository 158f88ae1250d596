"""Parsing of a machine's description."""

import subprocess

import pytest

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import NotReady
from duotui.board.system_info import PROBE, parse_system_info
from support.conditions import DUO_CONDITIONS


def test_a_duo_is_read() -> None:
    info = parse_system_info(
        DUO_CONDITIONS.replace("slowed 0", "slowed 0\nslowed 2\nswap /dev/zram0 131068")
    )
    assert (info.kernel, info.machine) == ("Linux 5.10.4-tag-", "riscv64")
    assert (info.memory, info.available) == (56580 * 1024, 41000 * 1024)
    assert (info.swaps, info.cooling) == ((("/dev/zram0", 131068 * 1024),), (0, 2))
    assert (info.temperatures, info.clock) == ((45.123,), 850)
    assert info.free_bytes == 516568 * 1024


@pytest.mark.parametrize(
    ("old", "new"),
    [("room", "zoom"), ("machine riscv64\n", ""), ("riscv64", ""), ("slowed 0", "slowed hot")],
)
def test_what_cannot_be_read_is_said(old: str, new: str) -> None:
    with pytest.raises(NotReady, match="does not say what state"):
        parse_system_info(DUO_CONDITIONS.replace(old, new))


def test_this_computer_is_read() -> None:
    result = subprocess.run(["sh", "-c", PROBE], capture_output=True, text=True)
    info = parse_system_info(result.stdout)
    assert (result.returncode, result.stderr, "\n" in PROBE) == (0, "", False)
    assert info.kernel == subprocess.getoutput("uname -sr")
    assert info.machine == subprocess.getoutput("uname -m")
    assert info.memory > info.available > 0
    assert info.free_bytes > 0


def test_a_duo_is_told_from_another_machine() -> None:
    assert DUO_64M.is_machine("riscv64")
    assert not DUO_64M.is_machine("aarch64")
