"""The engine, built once a run: as it is shipped, and with sanitizers that abort on a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from native.engine import SHARED, Engine, build

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def shipped() -> Engine:
    return build("all", "duollama")


@pytest.fixture(scope="session", params=["shipped", "sanitized"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sanitized":
        return build("sanitize", "sanitize/duollama")
    shipped: Engine = request.getfixturevalue("shipped")
    return shipped


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "golden").is_dir():
        pytest.skip(f"llama2.c's stories and weights are not in {SHARED}")
    return SHARED
