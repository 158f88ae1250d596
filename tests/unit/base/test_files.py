"""Atomic replacement of files, with nothing left beside them."""

import subprocess
import sys
from pathlib import Path

import pytest

from duotui.base.files import atomic_replacement, atomic_write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a" / "file"
    atomic_write(target, b"one")
    atomic_write(target, b"two")
    assert target.read_bytes() == b"two"
    assert names(tmp_path / "a") == ["file"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "full" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="full"):
        atomic_write(tmp_path / "full", b"three")
    assert names(tmp_path) == ["full"]
    assert names(tmp_path / "full") == ["inside"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_a_written_file_is_for_its_user_alone(tmp_path: Path) -> None:
    atomic_write(tmp_path / "file", b"one")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_what_another_program_wrote_becomes_the_file(tmp_path: Path) -> None:
    target = tmp_path / "a" / "file"
    with atomic_replacement(target) as fresh:
        code = f"open({str(fresh)!r}, 'w').write('one')"
        subprocess.run([sys.executable, "-c", code], check=True)
        assert fresh.name == "file"
        assert not target.exists()
    assert target.read_text() == "one"
    assert names(tmp_path / "a") == ["file"]


@pytest.mark.parametrize("error", [ValueError("broken off"), OSError("full")])
def test_a_replacement_that_fails_changes_nothing(tmp_path: Path, error: Exception) -> None:
    target = tmp_path / "file"
    target.write_text("one")

    def replace() -> None:
        with atomic_replacement(target) as fresh:
            fresh.write_text("tw")
            raise error

    with pytest.raises(type(error)):
        replace()
    assert target.read_text() == "one"
    assert names(tmp_path) == ["file"]


def test_a_replacement_that_nobody_wrote_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one")
    with pytest.raises(FileNotFoundError), atomic_replacement(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text() == "one"
