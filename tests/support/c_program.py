"""Compilation of the tests' C programs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.engine import NATIVE

SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow")


def compile_c(*arguments: str | Path, out: Path, compiler: str | Path = "cc") -> Path:
    """Compile `out` from the sources and flags in `arguments`. Warnings are errors if DUOTUI_WERROR
    is set, as for native/Makefile: in CI."""
    werror = ["-Werror"] if os.environ.get("DUOTUI_WERROR") else []
    common = ["-std=c11", *WARNINGS, *werror, "-ffp-contract=off", "-pthread", f"-I{NATIVE}/src"]
    subprocess.run([compiler, *common, *arguments, "-o", out, "-lm"], check=True)
    return out
