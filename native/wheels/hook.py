"""Hatchling's build hook: a wheel with the engine inside, for the platform in DUOTUI_WHEEL.

A wheel without DUOTUI_WHEEL is for any platform, and has only the engine's sources. Zig's C
compiler, from PyPI's ziglang, makes programs for every platform on any of them. docs/packaging.md.
Each wheel has the man page, which is made here from the parsers.
"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "DUOTUI_WHEEL"


@dataclass(frozen=True)
class Target:
    """Platform of a wheel: Zig's `triple`, and the wheel's `tags` joined by dots."""

    triple: str
    tags: str

    @property
    def linux(self) -> bool:
        return "linux" in self.triple


def _linux(machine: str) -> Target:
    """Static target, with musl: for every distribution, whatever its C library."""
    tags = (f"manylinux_2_17_{machine}", f"manylinux2014_{machine}", f"musllinux_1_1_{machine}")
    return Target(f"{machine}-linux-musl", ".".join(tags))


TARGETS = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": Target("aarch64-macos.11.0", "macosx_11_0_arm64"),
    "macos-x86_64": Target("x86_64-macos.11.0", "macosx_11_0_x86_64"),
}


class EngineHook(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        """Packages that a build in an isolated environment installs."""
        return self.metadata.core.optional_dependencies["wheels"] if self._target else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel" and version != "editable":
            page = write_man_page(Path(self.root))
            build_data["shared_data"][str(page)] = "share/man/man1/duotui.1"
        target = self._target
        if target is None or version == "editable":
            return
        root = Path(self.root)
        engine = root / "native" / "build" / "wheels" / os.environ[VARIABLE] / "duollama"
        compile_engine(root / "native", target, engine)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{target.tags}"
        inside = build_data["force_include"]
        inside[str(engine)] = "duotui/native/build/duollama"
        if target.linux:
            inside[str(_zig() / "lib/libc/musl/COPYRIGHT")] = (
                "duotui/native/build/duollama-licence.txt"
            )

    @property
    def _target(self) -> Target | None:
        name = os.environ.get(VARIABLE)
        if not name or self.target_name != "wheel":
            return None
        if name not in TARGETS:
            sys.exit(f"{VARIABLE} names {name}; it is one of {', '.join(TARGETS)}")
        return TARGETS[name]


def write_man_page(root: Path) -> Path:
    """Write the man page, and return its path. It needs the packages of [build-system] alone."""
    page = root / "native" / "build" / "duotui.1"
    page.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "duotui.cli.man_page"]
    environment = {**os.environ, "PYTHONPATH": str(root / "tui"), "PYTHONIOENCODING": "utf-8"}
    with page.open("wb") as out:
        subprocess.run(command, env=environment, stdout=out, check=True)
    return page


def compile_engine(native: Path, target: Target, out: Path) -> None:
    """Compile a stripped engine; the same sources and the same Zig give the same bytes."""
    sources = sorted(str(path.relative_to(native)) for path in native.glob("src/**/*.c"))
    options = ["-target", target.triple, "@cflags", "-s"]
    if target.triple.startswith("x86_64"):
        # Zig removes "evex512", a feature of clang 18 to 21 without which no function for AVX-512
        # gets its registers
        options.append("-mevex512")
        sources.append("wheels/cpu_model.c")
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ziglang", "cc", *options, *sources, "-o", str(out), "-lm"]
    subprocess.run(command, cwd=native, check=True)


def _zig() -> Path:
    spec = importlib.util.find_spec("ziglang")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
