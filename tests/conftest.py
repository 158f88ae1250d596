"""What tests of several kinds need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from native.engine import SHARED

if TYPE_CHECKING:
    from pathlib import Path


pytest_plugins = ["support.reports", "support.skips"]


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "golden").is_dir():
        pytest.skip(f"llama2.c's stories and weights are not in {SHARED}")
    return SHARED
