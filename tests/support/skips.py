"""Check of each skip's reason against tests/skips.toml (docs/testing.md)."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.paths import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterable

LIST = TESTS / "skips.toml"
IN_CI = "DUOTUI_CI"


@dataclass(frozen=True)
class Allowed:
    """Entry of the list: a regular expression, and True if CI may skip for it, too."""

    reason: re.Pattern[str]
    in_ci: bool


def read_list(path: Path = LIST) -> tuple[Allowed, ...]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["skip"]
    return tuple(Allowed(re.compile(e["reason"]), e["allowed"] == "anywhere") for e in entries)


def unlisted(reasons: Iterable[str], allowed: Iterable[Allowed], in_ci: bool) -> list[str]:
    """Select the `reasons` that no entry allows, each once, sorted."""
    entries = [entry for entry in allowed if entry.in_ci or not in_ci]
    return sorted({r for r in reasons if not any(e.reason.search(r) for e in entries)})


@dataclass(eq=False)  # pytest keeps its plugins in a set
class SkipCheck:
    """Pytest plugin that fails a run that has passed, but skipped for an unlisted reason."""

    allowed: tuple[Allowed, ...]
    in_ci: bool
    seen: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.seen.append(_reason(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.seen.append(_reason(report))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if unlisted(self.seen, self.allowed, self.in_ci) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for reason in unlisted(self.seen, self.allowed, self.in_ci):
            where = "may not be skipped for in CI" if self.in_ci else "is not in tests/skips.toml"
            terminalreporter.line(f"SKIP FAILURE: {reason!r} {where}", red=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # with xdist: in the process that reports
        config.pluginmanager.register(SkipCheck(read_list(), bool(os.environ.get(IN_CI))))
