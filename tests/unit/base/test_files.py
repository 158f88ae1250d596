"""Reading of files within limits, and their atomic replacement with nothing left beside them."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from duotui.base import files
from duotui.base.files import atomic_replacement, atomic_write
from duotui.base.resources import PACKAGE
from support.bad_files import NO_FILES, fingerprint
from support.full_disk import full_disk


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


# Links, modes and room


def test_a_link_stays_one_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target, link = tmp_path / "dotfiles" / "config", tmp_path / "config"
    target.write_text("one")
    target.chmod(0o644)
    link.symlink_to(target)
    atomic_write(link, b"two")
    assert (link.is_symlink(), target.read_text()) == (True, "two")
    assert target.stat().st_mode & 0o777 == 0o644
    assert names(tmp_path / "dotfiles") == ["config"]


def test_a_link_that_nobody_named_is_replaced_itself(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "story.txt"
    victim.write_text("precious")
    link.symlink_to(victim)
    atomic_write(link, b"a story", follow_links=False)
    assert (victim.read_text(), link.read_text(), link.is_symlink()) == (
        "precious",
        "a story",
        False,
    )


def test_a_new_file_is_for_those_whom_the_umask_admits(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        atomic_write(tmp_path / "report", b"one", for_all=True)
    finally:
        os.umask(umask)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("kind", [name for name in NO_FILES if name != "a hole of 3 GB"])
def test_what_is_no_file_is_neither_read_nor_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    NO_FILES[kind](path)
    before = fingerprint(path)
    for use in (
        lambda: files.read_bytes(path, 1 << 30),
        lambda: files.read_tail(path, 10),
        lambda: next(files.read_lines(path, 1 << 30, 100)),
        lambda: files.sha256_of(path),
        lambda: files.check_writable(path),
        lambda: atomic_write(path, b"two"),
    ):
        with pytest.raises(OSError, match=r"."):
            use()
    assert fingerprint(path) == before
    assert names(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_old_file_and_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one")
    with full_disk(1000):
        with pytest.raises(OSError, match="File too large"):
            atomic_write(tmp_path / "file", bytes(2000))
        with pytest.raises(OSError, match="File too large"):
            files.create(tmp_path / "other", bytes(2000))
    assert (names(tmp_path), (tmp_path / "file").read_text()) == (["file"], "one")


def test_no_folder_is_made_for_a_file_that_somebody_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "file"
    with pytest.raises(FileNotFoundError):
        files.check_writable(path)
    with pytest.raises(FileNotFoundError):
        atomic_write(path, b"one", for_all=True)
    assert names(tmp_path) == []


def test_a_file_is_tried_without_a_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one")
    files.check_writable(tmp_path / "file")
    files.check_writable(tmp_path / "other")
    assert (names(tmp_path), (tmp_path / "file").read_text()) == (["file"], "one")


# Reading


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 5000)
    assert files.read_bytes(path, 5000) == b"a" * 5000
    with pytest.raises(OSError, match="larger than 4 KiB"):
        files.read_bytes(path, 4999)
    with pytest.raises(OSError, match="larger than 0 KiB"):
        files.read_text(Path("/proc/self/status"), 10)  # says that it has no bytes


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbf\xc3\xb6ne\n")
    assert files.read_text(path, 100) == files.read_tail(path, 100) == "öne\n"
    assert list(files.read_lines(path, 100, 100)) == ["öne".encode()]


def test_the_last_lines_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first\nsecond\nthird\n")
    assert files.read_tail(path, 10) == "third\n"
    assert files.read_tail(path, 100) == "first\nsecond\nthird\n"


def test_lines_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\n\ntwo\r\ncut")
    assert list(files.read_lines(path, 100, 100)) == [b"one", b"", b"two\r"]
    with pytest.raises(OSError, match="more than 3 bytes"):
        list(files.read_lines(path, 100, 3))
    with pytest.raises(OSError, match="larger than 0 KiB"):
        list(files.read_lines(path, 5, 100))


# One place

OWN_DATA = {
    *("board/checks.py", "judge/bundle_writer.py", "judge/session.py", "pictures/icons.py"),
    "report/html.py",
    *("story/cards.py", "story/content_filter.py", "story/fallback_stories.py"),
    *("story/strings.py", "targets/engine_binary.py", "targets/model_store.py", "__init__.py"),
}
"""Modules that read files of the package."""

OF_THE_SYSTEM = {
    *("board/doctor.py", "link/port_access.py", "link/usb_devices.py", "ui/kitty_graphics.py"),
    "targets/reference_scorer.py",  # into a folder that it made
}
"""Modules that read files of the system, or their own."""


def test_a_users_files_are_read_and_written_here_alone() -> None:
    calls = ("read_text", "read_bytes", "write_text", "write_bytes")
    used = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in calls
        and "spawn" not in ast.unparse(node.func)  # pexpect's, which writes to a port
    }
    assert used - OWN_DATA - OF_THE_SYSTEM == set()
