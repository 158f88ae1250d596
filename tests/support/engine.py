"""duollama as the tests run it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.paths import ROOT

NATIVE = ROOT / "native"
SHARED = ROOT.parent / "shared"


@dataclass(frozen=True)
class Engine:
    path: Path

    def run(
        self, *arguments: str | Path | bytes, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self.path, *arguments],
            capture_output=True,
            timeout=600,
            cwd=cwd,
            env=self.environment(),
            check=False,
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1"}

    def generate(self, ids: Path, *arguments: str | Path) -> tuple[list[int], list[int], bytes]:
        """Generate a story; fail on an error. Return its prompt's ids, its own ids, its text."""
        result = self.run(*arguments, "--ids", ids)
        assert result.returncode == 0, result.stderr.decode()
        prompt, out = ids.read_text().removesuffix("\n").split("\n")
        return (
            [int(i) for i in prompt.removeprefix("prompt: ").split(" ")],
            [int(i) for i in out.removeprefix("out: ").split(" ")],
            result.stdout,
        )


def build(target: str, path: str) -> Engine:
    result = subprocess.run(
        ["make", "-s", "-C", NATIVE, target], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return Engine(NATIVE / "build" / path)
