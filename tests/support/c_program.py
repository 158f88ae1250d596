"""The C programs that tests are made of, compiled."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.engine import NATIVE

SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow")


def compile_c(*arguments: str | Path, out: Path, compiler: str | Path = "cc") -> Path:
    """`out`, of the sources and with the flags in `arguments`. Warnings are errors where
    DUOTUI_WERROR is set, as they are for native/Makefile: in CI."""
    werror = ["-Werror"] if os.environ.get("DUOTUI_WERROR") else []
    common = ["-std=c11", *WARNINGS, *werror, "-ffp-contract=off", "-pthread", f"-I{NATIVE}/src"]
    subprocess.run([compiler, *common, *arguments, "-o", out, "-lm"], check=True)
    return out
