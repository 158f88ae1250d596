"""The board of `pytest --port PORT`, for the tests marked `board`; without it they skip."""

from __future__ import annotations

import pytest

NO_BOARD = "no board: pytest --port PORT names one"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--port", metavar="PORT", help="a real board's, for the tests marked `board`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--port") is None:
        for item in items:
            if item.get_closest_marker("board"):
                item.add_marker(pytest.mark.skip(reason=NO_BOARD))


@pytest.fixture
def board_port(request: pytest.FixtureRequest) -> str:
    """Port that the command line names."""
    return str(request.config.getoption("--port"))
