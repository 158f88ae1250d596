"""Judge session of a board: its conditions are read on the board."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from duotui.targets.virtual_duo import VirtualMachine

pytestmark = pytest.mark.timeout(600)


def judge(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", "judge", "virtual", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_board_with_swap_on_is_not_judged(machine: VirtualMachine) -> None:
    done = judge("--runs", "1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)
    assert "the result would be void: swap is on (/dev/zram0)" in done.stderr


def test_unless_it_must_be_and_then_it_is_void(machine: VirtualMachine) -> None:
    done = judge("--runs", "2", "-n", "24", "--anyway", "--headless")
    assert done.returncode == 6, done.stderr
    said = json.loads(done.stdout)
    assert said["void"] == ["swap is on (/dev/zram0)"]
    assert said["correctness"]["identical_runs"] == 2
    before, after = said["conditions"]["before"], said["conditions"]["after"]
    assert (before["machine"], after["machine"]) == ("riscv64", "riscv64")
    assert 50e6 < before["memory"] < 64e6
    assert said["engine"]["machine"].startswith("Linux riscv64")
