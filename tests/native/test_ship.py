"""Inputs of the board's programs are pinned, and the package has the built programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.emulators import BOARD_FOLDER
from support.engine import NATIVE

sys.path.insert(0, str(BOARD_FOLDER))

import ship

MUSL = "a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4"
FEW = "bash cat cut dirname readlink dpkg apt-get dpkg-deb flock tar sed awk grep find sha256sum"
RENEW = "native/board/lock takes what there is now, then `make ship`"


def sourced(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command among the functions of debian.sh."""
    script = f'what=here name=here version=1 needs=(); source "$0"; {command}'
    return subprocess.run(
        ["bash", "-c", script, BOARD_FOLDER / "debian.sh", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_input_has_a_version_and_a_hash() -> None:
    rows = [
        line.split()
        for line in (BOARD_FOLDER / "packages.lock").read_text("utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert {kind for kind, *_ in rows} == {"amd64", "source"}
    assert {"musl", "flite", "gcc-14-riscv64-linux-gnu", "binutils-riscv64-linux-gnu"} <= {
        name for _, name, *_ in rows
    }
    for _, _, version, digest in rows:
        assert version[0].isdigit()
        assert re.fullmatch("[0-9a-f]{64}", digest)


def test_what_is_locked_is_taken() -> None:
    result = sourced('must_be "$@"', "source", "musl", "1.2.5", MUSL)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("actual", "line"),
    [
        ([], "musl 1.2.5 is wanted .*, and Debian's mirror has none: "),
        (
            ["1.2.6", MUSL],
            "musl 1.2.5 is wanted .*, and Debian's mirror has replaced it by 1.2.6: ",
        ),
        (
            ["1.2.5", "0" * 64],
            f"musl 1.2.5 is wanted with SHA-256 {MUSL} .* found with {'0' * 64}: ",
        ),
    ],
    ids=["none", "version", "hash"],
)
def test_anything_else_is_refused_in_a_line(actual: list[str], line: str) -> None:
    result = sourced('must_be "$@"', "source", "musl", *actual)
    assert result.returncode == 2
    assert re.fullmatch(f"here: {line}{RENEW}\n", result.stderr)


def test_what_is_not_locked_is_refused() -> None:
    result = sourced('must_be "$@"', "source", "glibc", "2.41", MUSL)
    assert result.returncode == 2
    assert result.stderr == f"here: {BOARD_FOLDER}/packages.lock does not name glibc\n"


@pytest.mark.skipif(not shutil.which("dpkg"), reason="the recipes need Debian, or one like it")
def test_names_all_that_a_bare_machine_lacks(tmp_path: Path) -> None:
    few = tmp_path / "bin"
    few.mkdir()
    for command in FEW.split():
        actual = shutil.which(command)
        assert actual
        (few / command).symlink_to(actual)
    result = subprocess.run(
        [NATIVE.parent / "firmware/virtual/machine"],
        env={"PATH": str(few), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr == (
        "the virtual Duo: gcc make xz python3 missing: sudo apt install gcc make xz-utils python3\n"
    )


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ship.Program:
    """Program that was built."""
    monkeypatch.setattr(ship, "FOLDER", tmp_path / "package")
    monkeypatch.setattr(ship, "compiler", lambda: "gcc (Debian 14.2.0-19) 14.2.0")
    built = tmp_path / "built"
    built.write_bytes(b"\x7fELF")
    return ship.Program(
        name="engine",
        built=built,
        version="1",
        architecture="rv64gc",
        recipe="make board",
        packages=("musl",),
    )


def test_ships_what_was_built(program: ship.Program) -> None:
    ship.ship(program)
    assert program.shipped.read_bytes() == b"\x7fELF"
    assert os.access(program.shipped, os.X_OK)
    record = json.loads(program.shipped.with_suffix(".json").read_text())
    assert record["packages"]["musl"] == "1.2.5"
    assert ship.check(program)


@pytest.mark.parametrize("what", ["nothing", "program", "record", "unbuilt"])
def test_says_what_is_not_shipped(
    program: ship.Program, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    if what != "nothing":
        ship.ship(program)
    if what == "program":
        program.shipped.write_bytes(b"\x7fELG")
    if what == "record":
        program.shipped.with_suffix(".json").write_text("{}")
    capsys.readouterr()
    assert not ship.check(replace(program, built=None) if what == "unbuilt" else program)
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    assert ("`make board` builds it" if what == "unbuilt" else "`make ship`") in output


def test_fails_where_nothing_was_built(tmp_path: Path) -> None:
    """Build in a separate checkout with its own cache."""
    for folder in ("native/board", "native/speech", "native/src", "tui/duotui/data/board"):
        shutil.copytree(NATIVE.parent / folder, tmp_path / folder)
    for flags, stream in (["--check"], "stdout"), ([], "stderr"):
        result = subprocess.run(
            [sys.executable, tmp_path / "native/board/ship.py", *flags],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 1
        assert "duollama: not built: `make board` builds it\n" in getattr(result, stream)
