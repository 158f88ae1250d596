"""Search for the engine's program, and the message if there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import duotui
from support.engine import NATIVE
from support.full_disk import full_disk

PACKAGE_FOLDER = Path(duotui.__file__).parent
COMPILING = "duotui: compiling the engine, once, about 15 s\n"
FIND_ENGINE = "from duotui.targets.engine_binary import find_engine; print(find_engine())"


class Installation:
    """duotui with its own engine sources, whose engine exits with STATUS."""

    def __init__(self, folder: Path) -> None:
        self.native, self.cache = folder / "native", folder / "cache"
        (folder / "site").mkdir()
        (folder / "site" / "duotui").symlink_to(PACKAGE_FOLDER)
        (self.native / "src/base").mkdir(parents=True)
        shutil.copy(NATIVE / "src/base/version.h", self.native / "src/base")
        (self.native / "cflags").write_text("-DSTATUS=7\n")
        self.source = self.native / "src" / "main.c"
        self.source.write_text("int main(void) { return STATUS; }\n")
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": str(folder / "site"),
            "XDG_CACHE_HOME": str(self.cache),
        }

    def python(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python with a timeout shorter than the wait for a lost link."""
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env={**self.environment, **more},
        )

    def find(self, **more: str) -> tuple[Path, str]:
        """Path of the program, and the output on stderr."""
        result = self.python("-c", FIND_ENGINE, **more)
        assert result.returncode == 0, result.stderr
        return Path(result.stdout.strip()), result.stderr

    def refused(self, *arguments: str, **more: str) -> str:
        """Standard error of `duotui tell`, which must end with status 6 and tell nothing."""
        result = self.python("-m", "duotui", *(arguments or ("tell", "--port", "sim")), **more)
        assert result.returncode == 6
        assert result.stdout == "" or list(json.loads(result.stdout)) == ["error"]
        return result.stderr


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def put(path: Path, mode: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 5\n")
    path.chmod(mode)
    return path


def test_it_is_compiled_once(installation: Installation) -> None:
    path, output = installation.find()
    assert (output, path.parent.parent) == (COMPILING, installation.cache / "duotui")
    assert subprocess.run([path]).returncode == 7
    assert installation.find(PATH="/none") == (path, "")
    installation.source.write_text("int main(void) { return 8; }\n")
    newer, _ = installation.find()
    assert subprocess.run([newer]).returncode == 8


def test_what_is_built_is_not_compiled(installation: Installation, tmp_path: Path) -> None:
    """Engines as `make engine` and a wheel leave them; DUOTUI_ENGINE comes before both."""
    built = put(installation.native / "build" / "duollama", 0o755)
    assert installation.find() == (built, "")
    named = put(tmp_path / "another", 0o755)
    assert installation.find(DUOTUI_ENGINE=str(named)) == (named, "")


def test_one_that_was_installed_without_its_mode_is_copied(installation: Installation) -> None:
    built = put(installation.native / "build" / "duollama", 0o644)
    path, output = installation.find(PATH="/none")
    assert (output, path.read_bytes()) == ("", built.read_bytes())
    assert subprocess.run([path]).returncode == 5


def test_the_compiler_is_the_one_that_cc_names(installation: Installation) -> None:
    assert "and CC names none-such, which is none; " in installation.refused(CC="none-such -O3")
    installation.source.write_text("int main(void) { return STATUS + MORE; }\n")
    path, _ = installation.find(CC="cc '-DMORE=1 + 1'")
    assert subprocess.run([path]).returncode == 9


def test_without_a_compiler(installation: Installation) -> None:
    assert installation.refused(PATH="/none") == (
        "duotui: the engine must be compiled once, and there is no C compiler;"
        " sudo apt install gcc libc6-dev brings one\n"
    )


def test_the_first_error_is_said(installation: Installation) -> None:
    """The message is the compiler's first error, and not its last line, which names none. No file
    is left behind."""
    installation.source.write_text('#include "none.h"\nint main(void) { return nothing; }\n')
    (installation.native / "src" / "z.c").write_text("int z(void) { return other; }\n")
    output = installation.refused()
    assert output.startswith(
        f"{COMPILING}duotui: the engine cannot be compiled: src/main.c:1:10: fatal error: none.h"
    )
    assert output.endswith("; sudo apt install gcc libc6-dev brings one\n")
    assert output.count("\n") == 2
    assert [path for path in installation.cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("where", ["file", "/proc/none"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("tell", "--port", "sim"),
        ("tell", "--check", "--port", "sim"),
        ("judge", "sim", "--headless"),
        ("inspect", "story.duo"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_cache_that_cannot_be_written(
    installation: Installation, tmp_path: Path, where: str, arguments: tuple[str, ...]
) -> None:
    """Fails at once, and not like a lost link, which is waited for."""
    (tmp_path / "file").write_text("")
    cache = tmp_path / where
    output = installation.refused(*arguments, XDG_CACHE_HOME=str(cache)).removeprefix(COMPILING)
    assert output.startswith(f"duotui: the cache folder {cache}/duotui cannot be written: ")
    assert output.endswith("; set XDG_CACHE_HOME to a folder that can\n")
    assert output.count("\n") == 1


# A cache that is not what was put there


@pytest.mark.parametrize("damage", [b"", b"\x7fELF", b"#!/bin/sh\nexit 5\n"])
def test_a_damaged_program_is_compiled_anew(installation: Installation, damage: bytes) -> None:
    path, _ = installation.find()
    whole = path.read_bytes()
    path.write_bytes(damage)
    assert installation.find() == (path, COMPILING)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("mode", [0o770, 0o707])
@pytest.mark.parametrize("which", ["cache", "engine"])
def test_a_cache_that_others_can_write_is_refused(
    installation: Installation, mode: int, which: str
) -> None:
    path, _ = installation.find()
    folder = path.parent if which == "engine" else path.parent.parent
    folder.chmod(mode)
    message = f"duotui: the cache folder {folder} can be written by other users; remove it, or "
    assert installation.refused().startswith(message)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_cache_of_another_user_is_refused(installation: Installation) -> None:
    path, _ = installation.find()
    os.chown(path.parent, 12345, -1)
    assert "belongs to another user; set XDG_CACHE_HOME" in installation.refused()


def test_a_cache_is_made_for_its_user_alone(installation: Installation) -> None:
    umask = os.umask(0o002)
    try:
        path, _ = installation.find()
    finally:
        os.umask(umask)
    for folder in (path.parent, path.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert installation.find() == (path, "")


def test_what_killed_builds_left_is_removed(installation: Installation) -> None:
    path, _ = installation.find()
    left = path.parent / "building-killed"
    left.mkdir()
    (left / "duollama").write_text("half")
    path.unlink()
    assert installation.find() == (path, COMPILING)
    assert sorted(each.name for each in path.parent.iterdir()) == ["duollama", "duollama.sha256"]


def test_two_first_starts_compile_once(installation: Installation) -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", FIND_ENGINE],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=installation.environment,
        )
        for _ in range(4)
    ]
    results = [start.communicate(timeout=60) for start in starts]
    assert [start.returncode for start in starts] == [0] * 4, results
    assert len({path for path, _ in results}) == 1
    assert "".join(output for _, output in results) == COMPILING


def test_a_full_disk_leaves_no_program(installation: Installation) -> None:
    with full_disk(4096):
        assert "the engine cannot be compiled" in installation.refused()
    assert [path for path in installation.cache.rglob("*") if path.is_file()] == []
    path, _ = installation.find()
    assert subprocess.run([path]).returncode == 7
