"""Engine, built once a run: as shipped, and with sanitizers that abort on a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.engine import Engine, build
from support.scripted_model import STORY_PIECES, write_scripted_model


@pytest.fixture(scope="session")
def shipped() -> Engine:
    return build("all", "duollama")


@pytest.fixture(scope="session", params=["shipped", "sanitized"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sanitized":
        return build("sanitize", "sanitize/duollama")
    shipped: Engine = request.getfixturevalue("shipped")
    return shipped


@pytest.fixture(scope="module")
def scripted_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Model that generates STORY_PIECES for a long time, and its tokenizer."""
    return write_scripted_model(tmp_path_factory.mktemp("scripted"), STORY_PIECES, 100_000)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"
