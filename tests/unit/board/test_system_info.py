"""Parsing of a machine's description."""

import subprocess

import pytest

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import NotReady
from duotui.board.checks import Finding, check_board
from duotui.board.installer import plan_install
from duotui.board.port_probe import PeerState
from duotui.board.shell import Shell
from duotui.board.system_info import PROBE, parse_system_info
from support.conditions import DUO_CONDITIONS
from support.lying_shell import PROBED, LyingShell


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


def board_finding(machine: str, tree: str, memory: str = "56640") -> Finding:
    """Finding of doctor about a board's kind."""
    probed = PROBED.replace("riscv64", f"{machine}\ntree {tree}").replace("56640", memory)
    line = LyingShell(lambda _command: (0, probed))
    return next(check_board(Shell.enter(line.spawn, PeerState.SHELL)))


@pytest.mark.parametrize(
    ("machine", "tree", "memory", "right", "what", "mend"),
    [
        ("riscv64", "CV180X", "56640", True, "Milk-V Duo 64M, Linux", ""),
        ("riscv64", "CV181X", "160000", True, "Milk-V Duo 256M, Linux", ""),
        ("aarch64", "CV181X", "160000", False, "Milk-V Duo 256M", "set this Duo 256M to RISC-V"),
        ("armv7l", "sg2000", "400000", False, "Milk-V Duo S", "set the switch of this Duo S to RV"),
        ("aarch64", "Raspberry Pi", "400000", False, "Linux", "if it is a Duo 256M or S"),
        (
            "riscv64",
            "StarFive",
            "400000",
            None,
            "it is no Duo but StarFive",
            "whether its processor",
        ),
        ("riscv64", "", "56640", True, "Linux", ""),
    ],
)
def test_doctor_names_the_board_and_what_helps(
    *, machine: str, tree: str, memory: str, right: bool | None, what: str, mend: str
) -> None:
    finding = board_finding(machine, tree, memory)
    assert (finding.right, what in finding.what) == (right, True)
    assert finding.mend.startswith(mend)
    assert bool(finding.mend) is bool(mend)


def test_setup_says_that_a_board_is_in_arm_mode() -> None:
    probed = PROBED.replace("riscv64", "aarch64\ntree sg2002").replace("56640", "160000")
    shell = Shell.enter(LyingShell(lambda _command: (0, probed)).spawn, PeerState.SHELL)
    with pytest.raises(NotReady, match=r"Duo 256M is in ARM mode.*flash its riscv64 image"):
        plan_install(shell, ())
