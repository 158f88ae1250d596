"""Order of the packages: imports run one way, and the pure packages do no I/O."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import duotui
from support.interpreter import without_coverage

PACKAGE_FOLDER = Path(duotui.__file__).parent
MODULES = {
    ".".join(("duotui", *path.relative_to(PACKAGE_FOLDER).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE_FOLDER.rglob("*.py"))
    if path.name != "__main__.py"
}
ORDER = (
    *("base", "protocol", "link", "session", "board", "scoring", "targets", "settings", "report"),
    *("judge", "pictures", "speech", "story", "ui", "cli"),
)
"""Packages in order: each imports from itself and from those before it (docs/architecture.md)."""

TOP_LEVEL_LIMIT = 5
"""Number of modules at the top of the package."""

PURE = ("protocol", "scoring", "report")
"""Packages without I/O; `session.state` and `session.token_diff` belong to them."""

IMPURE = ("serial", "textual", "pexpect", "subprocess", "socket", "asyncio")


def imports(path: Path) -> set[str]:
    """Modules of duotui that the file at `path` names in an import."""
    result = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            result |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            result |= {alias.name for alias in node.names}
    return {name for name in result if name.startswith("duotui.")}


def upward(module: str, imported_names: set[str]) -> list[str]:
    """Imports of `module` from a package above its own."""
    mine = ORDER.index(module.split(".")[1])
    return [
        name
        for name in sorted(imported_names)
        if (package := name.split(".")[1]) in ORDER and ORDER.index(package) > mine
    ]


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Modules of `graph` that reach themselves."""

    def reached(start: str) -> set[str]:
        visited: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            name = waiting.pop()
            if name not in visited:
                visited.add(name)
                waiting.extend(graph.get(name, ()))
        return visited

    return [name for name in graph if name in reached(name)]


def graph() -> dict[str, set[str]]:
    """Map each module to the modules that it imports."""
    return {
        name: {
            next((m for m in (used, used.rpartition(".")[0]) if m in MODULES), "")
            for used in imports(path)
        }
        - {"", name, "duotui"}
        for name, path in MODULES.items()
    }


def loaded(modules: list[str]) -> set[str]:
    """Modules that a new interpreter has loaded after importing `modules`."""
    code = f"import sys\nfor n in {modules!r}: __import__(n)\nprint(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=without_coverage(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def of_packages(*packages: str) -> list[str]:
    return [name for name in MODULES if name.split(".")[1:2] and name.split(".")[1] in packages]


def test_each_package_has_a_place_in_the_order() -> None:
    folders = {path.name for path in PACKAGE_FOLDER.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(ORDER)
    assert len(list(PACKAGE_FOLDER.glob("*.py"))) <= TOP_LEVEL_LIMIT


@pytest.mark.parametrize("module", [name for name in MODULES if name.count(".") > 1])
def test_no_import_runs_back_up(module: str) -> None:
    assert upward(module, imports(MODULES[module])) == []


def test_no_module_imports_itself_by_others() -> None:
    assert circles(graph()) == []


@pytest.mark.parametrize("forbidden", IMPURE)
def test_pure_packages_do_no_io(forbidden: str) -> None:
    pure = [*of_packages(*PURE), "duotui.session.state", "duotui.session.token_diff"]
    assert len(pure) > 20
    assert forbidden not in loaded(pure)


def test_only_ui_imports_textual() -> None:
    outside = [name for name in MODULES if not name.startswith("duotui.ui")]
    assert "textual" not in loaded(outside)


def test_broken_rules_are_seen() -> None:
    assert "textual" in loaded(["duotui.ui.app"])
    assert upward("duotui.protocol.frames", {"duotui.link.ports", "duotui.base.clock"}) == [
        "duotui.link.ports"
    ]
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
