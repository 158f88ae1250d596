"""Judge session of a board: its conditions are read on the board."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.judge_command import judge

if TYPE_CHECKING:
    from duotui.targets.virtual_duo import VirtualMachine

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("default_card")]


def test_a_board_with_swap_on_is_not_judged(machine: VirtualMachine) -> None:
    result = judge("virtual", "--runs", "1")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (6, "", 1)
    assert "the result would be void: swap is on (/dev/zram0)" in result.stderr


def test_unless_it_must_be_and_then_it_is_void(machine: VirtualMachine) -> None:
    result = judge("virtual", "--runs", "2", "-n", "24", "--anyway", "--headless")
    assert result.returncode == 6, result.stderr
    verdict = json.loads(result.stdout)
    assert verdict["void"] == ["swap is on (/dev/zram0)"]
    assert verdict["correctness"]["identical_runs"] == 2
    before, after = verdict["conditions"]["before"], verdict["conditions"]["after"]
    assert (before["machine"], after["machine"]) == ("riscv64", "riscv64")
    assert 50e6 < before["memory"] < 64e6
    assert verdict["engine"]["machine"].startswith("Linux riscv64")
