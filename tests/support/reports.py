"""Workaround for CPython 3.11, whose ast.parse() is not reentrant.

pytest parses the source of a failed test. If the garbage collector then runs a finalizer that
formats a traceback (an unclosed transport that warns), ast.parse() runs within ast.parse(). The
outer one raises SystemError: "AST constructor recursion depth mismatch", which ends the whole run.
Seen with Python 3.11.2 and 3.11.7.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Suspend garbage collection while a report is made."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
