"""Wheel of sources, as a user installs it. .ci/wheels tests those with an engine inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from duotui.targets.engine_binary import find_engine
from support.paths import ROOT

BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d")


def built(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BUILD, folder], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **more}
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the installed package; beside it the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    result = built(folder)
    assert result.returncode == 0, result.stderr
    (wheel,) = folder.glob("*.whl")
    options = ("--quiet", "--no-index", "--no-deps", "--target", folder / "site")
    subprocess.run([sys.executable, "-m", "pip", "install", *options, wheel], check=True)
    return folder / "site"


def test_it_has_the_packed_model_and_not_what_that_is_packed_of(installed: Path) -> None:
    data = {path.name for path in (installed / "duotui" / "data").iterdir()}
    assert "stories.duo" in data
    assert not data & {"stories.bin", "tokenizer.bin", "stories.model"}


def test_it_has_the_man_page(installed: Path) -> None:
    page = (installed / "share" / "man" / "man1" / "duotui.1").read_text("utf-8")
    assert page.startswith(".TH DUOTUI 1")


def duotui(
    installed: Path, *arguments: str | Path, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed), **more},
    )


def test_it_tells_by_an_engine_that_its_installer_gave_no_mode(
    installed: Path, tmp_path: Path
) -> None:
    """Engine at its path in a wheel that has one."""
    folder = shutil.copytree(installed, tmp_path / "site")
    engine = folder / "duotui" / "native" / "build" / "duollama"
    engine.parent.mkdir()
    engine.write_bytes(find_engine().read_bytes())
    story = duotui(
        folder,
        "tell",
        "--port",
        "sim",
        "--check",
        "-n",
        "30",
        "Once",
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert story.returncode == 0, story.stderr
    assert "compiling" not in story.stderr
    (copy,) = (tmp_path / "cache").rglob("duollama")
    assert os.access(copy, os.X_OK)


def test_it_sets_a_board_up_without_an_engine(installed: Path, tmp_path: Path) -> None:
    root = shutil.copytree(ROOT / "firmware/stock", tmp_path / "root")
    result = duotui(installed, "setup", "--sd", root, PATH="/none")
    assert result.returncode == 0, result.stderr
    shipped = (installed / "duotui/data/stories.duo").read_bytes()
    assert (root / "mnt/data/duotui/story.duo").read_bytes() == shipped


def test_a_platform_that_is_none(tmp_path: Path) -> None:
    result = built(tmp_path, DUOTUI_WHEEL="windows")
    assert result.returncode != 0
    assert result.stderr == (
        "DUOTUI_WHEEL names windows; "
        "it is one of linux-x86_64, linux-aarch64, macos-arm64, macos-x86_64\n"
    )
    assert list(tmp_path.iterdir()) == []
