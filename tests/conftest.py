"""Fixtures and settings that all tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from duotui.base.translation import use_language
from support.engine import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# Examples for each property; `make test-all` takes the long profile.
settings.register_profile("short", max_examples=25, deadline=None)
settings.register_profile("long", max_examples=200, deadline=None)
settings.load_profile("short")

pytest_plugins = ["support.board_port", "support.reports", "support.skips", "support.tiers"]


os.environ["LANGUAGE"] = "en"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Let each test begin in English, whatever the test before has chosen."""
    yield
    use_language("en")


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Data folder of this run: judge sessions, diaries and favourites of the tests are nobody's."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUOTUI_DATA", str(folder))
        yield folder


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "golden").is_dir():
        pytest.skip(f"llama2.c's stories and weights are not in {SHARED}")
    return SHARED
