"""State of a machine, and the parts of it that make a result void."""

import subprocess
from pathlib import Path

import pytest

from duotui.base.errors import NotReady
from duotui.report.strings import report_phrases
from duotui.report.tables import CONDITIONS
from duotui.scoring.machine_conditions import CONDITIONS_SCRIPT, changes, parse_conditions
from duotui.targets.judged_machine import LocalMachine
from duotui.targets.simulator import SimulatedDuo
from support.conditions import DUO_CONDITIONS


def test_a_duo_as_it_must_be() -> None:
    conditions = parse_conditions(DUO_CONDITIONS)
    assert conditions.image == "Welcome to Milk-V Duo"
    assert (conditions.kernel, conditions.machine, conditions.is_duo) == (
        "Linux 5.10.4-tag-",
        "riscv64",
        True,
    )
    assert (conditions.memory, conditions.available) == (56580 * 1024, 41000 * 1024)
    assert (conditions.temperatures, conditions.clock, conditions.swaps) == ((45.123,), 850, ())
    assert conditions.busy == pytest.approx(0.01)
    assert conditions.troubles() == ()
    assert conditions.engine == "1e4ee52f0f85aabcf7ff21da11ae2d9ae3b434766016954d40d6d78b99516fe0"


@pytest.mark.parametrize(
    ("old", "new", "trouble"),
    [
        ("slowed 0", "swap /dev/zram0 131068", "swap is on (/dev/zram0)"),
        ("slowed 0", "slowed 0\nslowed 2", "the processor is slowed down, because it is hot"),
        ("101 0 50 1098 11", "151 0 50 1048 11", "something else takes 51% of the processor"),
    ],
)
def test_what_makes_it_void(old: str, new: str, trouble: str) -> None:
    assert parse_conditions(DUO_CONDITIONS.replace(old, new)).troubles() == (trouble,)


def test_a_clock_that_changed_is_seen() -> None:
    assert changes(parse_conditions(DUO_CONDITIONS), parse_conditions(DUO_CONDITIONS)) == ()
    slower = parse_conditions(DUO_CONDITIONS.replace("clock 850000", "clock 425000"))
    assert changes(parse_conditions(DUO_CONDITIONS), slower) == (
        "the clock went from 850 to 425 MHz",
    )


@pytest.mark.parametrize(
    "output",
    [
        "",
        "sh: not found",
        DUO_CONDITIONS.replace("busy", "lazy"),
        DUO_CONDITIONS.replace("56580", "much"),
    ],
)
def test_what_is_not_to_be_read_is_said(output: str) -> None:
    with pytest.raises(NotReady, match="does not say what state"):
        parse_conditions(output)


def test_this_computer_says_it_too() -> None:
    result = subprocess.run(["sh", "-c", CONDITIONS_SCRIPT], capture_output=True, text=True)
    conditions = parse_conditions(result.stdout)
    assert (result.stderr, conditions.machine) == ("", subprocess.getoutput("uname -m"))
    assert conditions.busy is not None
    assert 0 <= conditions.busy <= 1
    assert conditions.memory > conditions.available > 0


def test_a_computer_without_proc_says_what_it_knows(tmp_path: Path) -> None:
    conditions = LocalMachine(SimulatedDuo(), tmp_path / "proc").conditions()
    assert conditions.kernel == subprocess.getoutput("uname -sr")
    assert (conditions.busy, conditions.swaps, conditions.troubles()) == (None, None, ())
    texts = {name: texts(conditions, report_phrases()) for name, texts in CONDITIONS.items()}
    assert texts["machine"] == conditions.machine
    assert (texts["memory"], texts["swap"], texts["busy"]) == ("", "", "")


def test_it_is_one_line_for_a_shell() -> None:
    assert "\n" not in CONDITIONS_SCRIPT
