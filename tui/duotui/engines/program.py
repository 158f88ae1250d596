"""The engine's program for this computer: found where it was built, or built once.

Looked for in DUOTUI_ENGINE, then where `make engine` leaves it, then in the user's cache,
where it is compiled from the sources in the package if need be.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import platformdirs

from duotui import resources
from duotui.errors import NotReady, UsageError
from duotui.oscompat import by_system

VARIABLE = "DUOTUI_ENGINE"
_building = threading.Lock()


def program() -> Path:
    """The path of `duollama`. Raises UsageError for a bad DUOTUI_ENGINE, NotReady where it
    cannot be built."""
    named = os.environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise UsageError(f"{VARIABLE} names {named}, which is no program", f"unset {VARIABLE}")
        return Path(named)
    if sys.platform == "win32":
        raise NotReady("there is no engine for Windows", "Linux, macOS and WSL have one")
    native = resources.folder("native")
    built = native / "build" / "duollama"
    if os.access(built, os.X_OK):
        return built
    cached = platformdirs.user_cache_path("duotui") / f"engine-{_sources(native)}" / "duollama"
    with _building:  # the board's thread and the baseline's may both need it
        if not os.access(cached, os.X_OK):
            _build(native, cached.parent)
    return cached


def _sources(native: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(native.glob("src/*.[ch]")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _build(native: Path, target: Path) -> None:
    """Compile into `target`, which another process sees whole or not at all."""
    missing = [tool for tool in ("make", "cc") if shutil.which(tool) is None]
    if missing:
        raise NotReady(
            f"the engine must be compiled once, and {' and '.join(missing)} is missing",
            by_system(
                linux="sudo apt install gcc libc6-dev make",
                macos="xcode-select --install",
                windows="",
            ),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as folder:
        done = subprocess.run(
            ["make", "-C", str(native), f"BUILD={folder}"], capture_output=True, encoding="utf-8"
        )
        if done.returncode:
            line = (done.stderr.strip().splitlines() or ["make said nothing"])[-1]
            raise NotReady("the engine could not be compiled", line)
        target.mkdir(exist_ok=True)
        (Path(folder) / "duollama").replace(target / "duollama")
