"""The house's one rule: nothing outside ui/ imports textual, and the core no serial port."""

import subprocess
import sys
from pathlib import Path

import pytest

import duotui

PACKAGE = Path(duotui.__file__).parent
MODULES = sorted(
    ".".join(("duotui", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
)
OUTSIDE = [name for name in MODULES if not name.startswith("duotui.ui")]
CORE = [name for name in OUTSIDE if name.split(".")[1:2] in (["core"], ["judge"])]


def imported(modules: list[str]) -> set[str]:
    """What a new interpreter has loaded after importing `modules`."""
    code = f"import sys\nfor n in {modules!r}: __import__(n)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_rule_covers_the_program() -> None:
    assert len(OUTSIDE) > 20
    assert len(CORE) > 8


def test_nothing_outside_ui_imports_textual() -> None:
    assert "textual" not in imported(OUTSIDE)


@pytest.mark.parametrize("forbidden", ["serial", "textual", "pexpect"])
def test_the_core_knows_no_port_and_no_screen(forbidden: str) -> None:
    assert forbidden not in imported(CORE)


def test_the_rule_would_be_seen_broken() -> None:
    assert "textual" in imported(["duotui.ui.app"])
