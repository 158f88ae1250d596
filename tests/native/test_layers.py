"""Layers of the folders of native/src: a file includes only files below it.

It may also include files of its own folder, but not in a circle. docs/engine.md names every source.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.engine import NATIVE
from support.paths import ROOT

LAYERS = ("base", "kernels", "model", "infer", "pack", "agent", "cli")
"""Folders, the lowest layer first."""

Includes = Mapping[str, set[str]]
"""Units that each unit's .c and .h include. A unit is "folder/stem"."""


def includes_of(folder: Path) -> Includes:
    units: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.[ch]")):
        unit = path.relative_to(folder).with_suffix("").as_posix()
        result = re.findall(r'^#include "(.+)\.[ch]"$', path.read_text("utf-8"), re.MULTILINE)
        units.setdefault(unit, set()).update(name for name in result if name != unit)
    return units


def layer(unit: str) -> int:
    return LAYERS.index(unit.split("/")[0])


def arrows_up(units: Includes) -> list[str]:
    return [
        f"{unit} includes {name}"
        for unit, names in units.items()
        for name in sorted(names)
        if layer(name) > layer(unit)
    ]


def circle(units: Includes) -> list[str]:
    """The units of a circle, in order; [] where there is none."""
    visited: set[str] = set()

    def walk(unit: str, way: list[str]) -> list[str]:
        if unit in way:
            return [*way[way.index(unit) :], unit]
        if unit in visited:
            return []
        for name in sorted(units.get(unit, ())):
            if result := walk(name, [*way, unit]):
                return result
        visited.add(unit)
        return []

    return next((result for unit in units if (result := walk(unit, []))), [])


@pytest.fixture(scope="module")
def units() -> Includes:
    result = includes_of(NATIVE / "src")
    assert {unit.split("/")[0] for unit in result} == set(LAYERS)
    assert not [name for names in result.values() for name in names if name not in result]
    return result


def test_no_include_runs_up(units: Includes) -> None:
    assert arrows_up(units) == []


def test_no_include_runs_in_a_circle(units: Includes) -> None:
    assert circle(units) == []


PLANTED = {
    "up": ("model/model.c", "pack/pack.h", ["model/model includes pack/pack"], set[str]()),
    "header": ("base/utf8.h", "kernels/simd.h", ["base/utf8 includes kernels/simd"], set[str]()),
    "circle": ("pack/pack_order.c", "pack/pack.h", list[str](), {"pack/pack", "pack/pack_order"}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_include_is_found(tmp_path: Path, name: str) -> None:
    file, include, up, around = PLANTED[name]
    for path in (NATIVE / "src").rglob("*.[ch]"):
        copy = tmp_path / path.relative_to(NATIVE / "src")
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    planted = tmp_path / file
    planted.write_text(f'#include "{include}"\n' + planted.read_text("utf-8"), "utf-8")
    result = includes_of(tmp_path)
    assert arrows_up(result) == up
    assert set(circle(result)) == around


def sources_named(text: str) -> Iterator[str]:
    """Yield the sources in the table of parts, whose rows are folders: "| `base/` | ..."."""
    folder = ""
    for row in re.findall(r"^\| (.*?) \| (.*?) \|", text, re.MULTILINE):
        if result := re.fullmatch(r"`(\w+)/`", row[0]):
            folder = result[1]
        yield from (f"{folder}/{name}" for name in re.findall(r"`(\w+\.c)`", row[1]))


def test_every_source_is_in_the_documentation() -> None:
    text = (ROOT / "docs/engine.md").read_text("utf-8")
    there = {p.relative_to(NATIVE / "src").as_posix() for p in (NATIVE / "src").rglob("*.c")}
    assert set(sources_named(text)) == there
