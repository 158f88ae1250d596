"""Places of tests: those of a package lie under its name, and no test imports another."""

import ast
from pathlib import Path

import pytest

import duotui
from support.paths import TESTS

PACKAGE_FOLDER = Path(duotui.__file__).parent
HELPERS = ("support", "bench")
"""Folders whose modules may be imported."""


def imported_folders(source: str) -> set[str]:
    """Folders of tests/ that a module with this source imports from."""
    folders = {path.name for path in TESTS.iterdir() if path.is_dir()}
    names = {
        node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
    }
    return {name.partition(".")[0] for name in names} & folders


@pytest.mark.parametrize(
    "path", [p for p in TESTS.rglob("*.py") if p.parent.name not in HELPERS], ids=lambda p: p.stem
)
def test_no_test_imports_a_test(path: Path) -> None:
    assert imported_folders(path.read_text("utf-8")) <= set(HELPERS)


def test_an_imported_test_is_seen() -> None:
    assert imported_folders("from native.test_engine import PROMPTS") == {"native"}


def test_unit_tests_lie_under_their_package() -> None:
    folders = {path.name for path in (TESTS / "unit").iterdir() if list(path.glob("test_*.py"))}
    packages = {path.name for path in PACKAGE_FOLDER.iterdir() if (path / "__init__.py").exists()}
    assert folders <= packages
    assert len(folders) >= 10


def test_helpers_lie_in_support() -> None:
    kinds = [path for path in TESTS.iterdir() if path.is_dir() and path.name not in HELPERS]
    helpers = [
        path
        for kind in kinds
        for path in kind.rglob("*.py")
        if not path.name.startswith(("test_", "conftest"))
    ]
    assert [path.name for path in helpers] == ["make_frames.py"]


@pytest.mark.parametrize("path", sorted(PACKAGE_FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_a_module_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300
