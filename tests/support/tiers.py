"""Tests of each tier: the markers `quick` and `slow`, assigned in one place (docs/testing.md).

`make quick` runs `-m quick`, `make test` runs `-m "not slow"`, `make test-all` runs everything.
"""

from __future__ import annotations

import pytest

from support.paths import TESTS

QUICK = (
    "unit/",
    "native/test_codec.py",
    "native/test_engine.py::test_tells_llama2c_story",
    "native/test_engine.py::test_greedy",
    "native/test_engine.py::test_sampling",
    "system/test_pty_cable.py::test_ten_thousand_tokens_arrive_exactly[clean]",
    "ui/test_console.py",
)
"""Prefixes of test ids, from tests/ on: the tests that an edit breaks most often, in under 90 s.
The engine is tested as it ships: a build with sanitizers takes longer than these tests."""

NOT_QUICK = ("ui/test_console.py::test_ascii_is_ascii", "unit/pictures/test_enlarged.py")
"""Prefixes that `QUICK` would include, and that take seconds."""

SLOW = (
    "native/test_aarch64.py",
    "native/test_avx512.py",
    "native/test_c906.py",
    "native/test_fuzz.py",
    "native/test_emulators.py",
    "native/test_ship.py",
    "virtual/",
)
"""Emulators, fuzzing, the virtual Duo: minutes each, with tools that few computers have."""


def _is_large_snapshot(item: pytest.Item) -> bool:
    """True for a picture of a screen in another size than 80x24, or in another theme."""
    if not isinstance(item, pytest.Function) or "snap_compare" not in item.fixturenames:
        return False
    chosen = item.callspec.params if hasattr(item, "callspec") else {}
    return "theme" in chosen or chosen.get("size", (80, 24)) != (80, 24)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.path.relative_to(TESTS).as_posix() + "::" + item.name
        if name.startswith(SLOW) or _is_large_snapshot(item):
            item.add_marker(pytest.mark.slow)
        elif name.startswith(QUICK) and not name.startswith(NOT_QUICK) and "sanitized" not in name:
            item.add_marker(pytest.mark.quick)
