"""Builds of the engine for the Duo and for AArch64, and the emulators that run them here."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.engine import NATIVE, Engine

BOARD_FOLDER = NATIVE / "board"
TEN = ("qemu-10/usr/bin/qemu-riscv64", "-cpu")
FIVE = ("qemu-5.2/usr/bin/qemu-riscv64-static", "-cpu")

# Name of each guest: the build, then the emulator among the board's tools with its options.
GUESTS = {
    "rv64gc": ("rv64gc", *TEN, "rv64"),
    "rv64gcv-128": ("rv64gcv", *TEN, "rv64,v=true,vlen=128"),
    "rv64gcv-256": ("rv64gcv", *TEN, "rv64,v=true,vlen=256"),
    "board": ("board", *FIVE, "rv64,x-v=true,vext_spec=v0.7.1,vlen=128"),
}

CROSS_GCC = "aarch64-linux-gnu-gcc"
QEMU_AARCH64 = "qemu-aarch64"

# Name of each: the emulated processor, then its sets of kernels, the best first.
ARMS = {
    "aarch64": ("cortex-a53", ("neon", "scalar")),
    "aarch64-dotprod": ("neoverse-n1", ("dotprod", "neon", "scalar")),
}


@dataclass(frozen=True)
class Guest(Engine):
    emulator: tuple[str | Path, ...]

    def run(
        self, *arguments: str | Path | bytes, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.emulator, self.path, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=1000,
            cwd=cwd,
            check=False,
        )

    def traced(self) -> Guest:
        """Guest with its system calls on stderr."""
        return Guest(self.path, (*self.emulator, "-strace"))


def find_tools() -> Path | str:
    """Folder of the emulators, with a compiler beside it; or one line with the reason for its
    absence."""
    for recipe in ("cross", "musl", "tools"):
        result = subprocess.run(
            [BOARD_FOLDER / recipe, "--offline"], capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            return result.stderr.strip()
    return Path(result.stdout.strip())


def missing_for_aarch64() -> str | None:
    """Line that names the tools missing to build and run for AArch64; None if none is missing."""
    packages = {
        CROSS_GCC: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
        QEMU_AARCH64: "qemu-user",
    }
    for program, package in packages.items():
        if shutil.which(program) is None:
            return f"{program} is missing: sudo apt install {package}"
    return None


def build_aarch64() -> Path:
    """Build statically, so that no emulator has to find libraries."""
    out = NATIVE / "build" / "aarch64"
    result = subprocess.run(
        ["make", "-s", "-C", NATIVE, f"CC={CROSS_GCC}", f"BUILD={out}", "LDFLAGS=-static"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return out / "duollama"


def build(board: Path, target: str) -> Path:
    result = subprocess.run(
        ["make", "-s", "-C", board, target], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return board.parent / "build" / target / "duollama"


STORIES_PER_MODEL = int(os.environ.get("DUOTUI_STORIES", "2"))
"""Stories of each real model, on each guest. 200, as in docs/performance.md, take an hour or two.
"""


# System calls that the Duo's kernel answers with ENOSYS (CONFIG_EPOLL, TIMERFD, ... are off), and
# their numbers.
MISSING_CALLS = {
    "eventfd2": 19,
    "epoll_create1": 20,
    "epoll_ctl": 21,
    "epoll_pwait": 22,
    "signalfd4": 74,
    "timerfd_create": 85,
    "timerfd_settime": 86,
    "timerfd_gettime": 87,
    "fadvise64": 223,
    "madvise": 233,
    "io_uring_setup": 425,
}
