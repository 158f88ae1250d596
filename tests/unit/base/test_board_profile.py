"""Facts of a board are in its profile, and nowhere else in the program."""

import ast
from pathlib import Path

import pytest

import duotui
from duotui.base.board_profile import DUO_64M, DUO_256M, DUO_S, VIRTUAL_DUO, BoardProfile, board_of

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


MEBI = 2**20


@pytest.mark.parametrize(
    ("tree", "memory", "board"),
    [
        ("Cvitek. CV180X ASIC. C906. cvitek,cv180x", 28.8, DUO_64M),
        ("Cvitek. CV181X ASIC. C906. cvitek,cv181x", 160, DUO_256M),
        ("Cvitek. CV181X ASIC. C906. cvitek,cv181x", 400, DUO_S),
        ("Milk-V Duo milkv,duo sophgo,cv1800b", 58, DUO_64M),
        ("Milk-V Duo 256M milkv,duo256m sophgo,sg2002", 230, DUO_256M),
        ("Milk-V Duo S milkv,duos sophgo,sg2000", 480, DUO_S),
        ("riscv-virtio,qemu riscv-virtio", 55.3, VIRTUAL_DUO),
        ("StarFive VisionFive 2 starfive,jh7110", 4000, None),
        ("", 28.8, None),
    ],
)
def test_a_device_tree_tells_the_boards_apart(
    tree: str, memory: float, board: BoardProfile | None
) -> None:
    """Models of the vendor's kernel and of mainline kernels, with MemTotal in MiB."""
    assert board_of(tree, round(memory * MEBI)) is board
