"""Facts of a board are in its profile, and nowhere else in the program."""

import ast
from pathlib import Path

import pytest

import duotui
from duotui.base.board_profile import DUO_64M

PACKAGE_FOLDER = Path(duotui.__file__).parent
PROFILE = PACKAGE_FOLDER / "base/board_profile.py"
FACT_WORDS = (
    *(DUO_64M.name, DUO_64M.machine, DUO_64M.password, f"{DUO_64M.usb_vendor:04x}"),
    *(DUO_64M.capture_device, "U-Boot", "OpenSBI"),
)
NUMBERS = (
    *(DUO_64M.usb_vendor, DUO_64M.baud_rate, DUO_64M.card_rate),
    *(DUO_64M.published_parameters, *(rate for _, rate in DUO_64M.published_rates)),
)


def facts(source: str) -> list[str]:
    """Constants of `source` that are facts of the profile; docstrings are none."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    result = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in prose:
            value = (
                node.value.decode(errors="replace") if isinstance(node.value, bytes) else node.value
            )
            if isinstance(value, str):
                result += [word for word in FACT_WORDS if word in value]
            elif isinstance(value, int | float) and value in NUMBERS:
                result.append(str(value))
    return result


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE_FOLDER.rglob("*.py")) if path != PROFILE],
    ids=lambda path: str(path.relative_to(PACKAGE_FOLDER)),
)
def test_no_other_module_states_a_fact_of_the_board(path: Path) -> None:
    assert facts(path.read_text("utf-8")) == []


def test_a_fact_elsewhere_is_seen() -> None:
    assert facts(PROFILE.read_text("utf-8"))
    source = '"""On riscv64."""\nx = (0x3346, b"milkv", f"{x}/riscv64-linux")'
    assert facts(source) == ["13126", "milkv", "riscv64"]
