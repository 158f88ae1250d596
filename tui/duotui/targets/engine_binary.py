"""The engine's program for this computer: found where it was built, or compiled once.

It is looked for in DUOTUI_ENGINE. Next in native/build, where `make engine` leaves it and where a
wheel for this platform has it. Last in the user's cache, where it is compiled from the package's
sources.
"""

import contextlib
import hashlib
import os
import platform
import re
import shlex
import shutil
import sys
import threading
from pathlib import Path

from duotui.base import cache, resources
from duotui.base.child_process import ChildFailed, last_line, run_program
from duotui.base.errors import NotReady, UsageError
from duotui.base.oscompat import by_system

ENGINE_VARIABLE = "DUOTUI_ENGINE"
COMPILERS = ("cc", "gcc", "clang")
INSTALL = by_system(
    linux="sudo apt install gcc libc6-dev brings one",
    macos="xcode-select --install brings one",
    windows="",
)
_cache_lock = threading.Lock()


def find_engine() -> Path:
    """The path of `duollama`. Raises UsageError for a bad DUOTUI_ENGINE, NotReady where there is
    none and it cannot be compiled. May take as long as that does."""
    named = os.environ.get(ENGINE_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise UsageError(
                f"{ENGINE_VARIABLE} names {named}, which is no program", f"unset {ENGINE_VARIABLE}"
            )
        return Path(named)
    if sys.platform == "win32":
        raise NotReady("there is no engine for Windows", "Linux, macOS and WSL have one")
    native = resources.resource_folder("native")
    built = native / "build" / "duollama"
    if os.access(built, os.X_OK):
        return built
    with _cache_lock:  # the judge's threads may both need it
        return _cached(native, built)


def prepare_engine() -> None:
    """Compile it, if it must be, before there is a screen. Where it cannot be had nothing is said:
    whoever asks for it later does."""
    with contextlib.suppress(NotReady):
        find_engine()


def _cached(native: Path, built: Path) -> Path:
    """Find it in the cache: a copy of `built`, where its folder lets nobody run it, else
    compiled."""
    made_of = [built] if built.exists() else [*native.glob("src/**/*.[ch]"), native / "cflags"]
    digest = hashlib.sha256(f"{sys.platform} {platform.machine()}".encode())
    for path in sorted(made_of):
        digest.update(path.read_bytes())
    target = cache.cache_folder() / f"engine-{digest.hexdigest()[:12]}" / "duollama"
    if not os.access(target, os.X_OK):
        with cache.replacing(target) as fresh:
            if built.exists():
                shutil.copyfile(built, fresh)
            else:
                _compile(native, fresh)
            fresh.chmod(0o755)
    return target


def _compile(native: Path, out: Path) -> None:
    command = _compiler()
    print("duotui: compiling the engine, once, about 15 s", file=sys.stderr, flush=True)
    sources = sorted(str(path.relative_to(native)) for path in native.glob("src/**/*.c"))
    command += ["@cflags", *sources, "-o", str(out), "-lm"]
    try:
        run_program(command, cwd=native, environment={"LC_ALL": "C"})
    except ChildFailed as error:
        why = first_error(error.stderr)
        raise NotReady(f"the engine cannot be compiled: {why}", INSTALL) from error


def _compiler() -> list[str]:
    """CC, which may have options of its own, else the first of COMPILERS that is here."""
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [[name] for name in COMPILERS]:
        if shutil.which(command[0]):
            return command
    missing = f"CC names {named[0]}, which is none" if named else "there is no C compiler"
    raise NotReady(f"the engine must be compiled once, and {missing}", INSTALL)


def first_error(said: str) -> str:
    """The line of a compiler's messages that names the first error, else the last line."""
    found = re.search(r"^.*\berror: .*$", said, re.MULTILINE)
    return found[0] if found else last_line(said, "the compiler said nothing")
