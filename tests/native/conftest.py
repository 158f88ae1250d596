"""The engine, built once a run: as it is shipped, and with sanitizers that abort on a fault."""

from __future__ import annotations

import pytest

from native.engine import Engine, build


@pytest.fixture(scope="session")
def shipped() -> Engine:
    return build("all", "duollama")


@pytest.fixture(scope="session", params=["shipped", "sanitized"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sanitized":
        return build("sanitize", "sanitize/duollama")
    shipped: Engine = request.getfixturevalue("shipped")
    return shipped
