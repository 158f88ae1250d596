"""Paths of saved files: no file is overwritten, and a folder without permission is avoided."""

from pathlib import Path

import pytest

from duotui.base.errors import UsageError
from duotui.ui import export_paths


def test_two_of_one_second_are_two_files(home: Path) -> None:
    one, two = (
        export_paths.save_text("a", "story", ".txt"),
        export_paths.save_text("b", "story", ".txt"),
    )
    assert (one.read_text(), two.read_text()) == ("a", "b")


def test_without_a_folder_of_ones_own_it_goes_to_the_documents(tmp_path: Path) -> None:
    locked = tmp_path / "not there"
    assert export_paths.new_path("story", ".txt", folders=(locked, tmp_path)).parent == tmp_path
    with pytest.raises(UsageError):
        export_paths.new_path("story", ".txt", folders=(locked,))


def test_a_write_that_fails_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_paths, "new_path", lambda *_: home / "no folder" / "x.txt")
    with pytest.raises(UsageError, match="cannot be written"):
        export_paths.save_text("a", "story", ".txt")
