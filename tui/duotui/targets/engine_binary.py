"""The engine's program for this computer: an existing build, or one compiled once.

The search order is: DUOTUI_ENGINE; native/build, of `make engine` or of a wheel for this platform;
the user's cache. Into the cache it is compiled from the package's sources.
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
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

ENGINE_VARIABLE = "DUOTUI_ENGINE"
COMPILERS = ("cc", "gcc", "clang")
INSTALL = by_system(
    linux=N_("sudo apt install gcc libc6-dev brings one"),
    macos=N_("xcode-select --install brings one"),
    windows="",
)
_cache_lock = threading.Lock()


def find_engine() -> Path:
    """Return the path of `duollama`, which may have to be compiled first. Raises UsageError for a
    bad DUOTUI_ENGINE, NotReady if it cannot be compiled."""
    named = os.environ.get(ENGINE_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise UsageError(
                _(
                    "{variable} names {path}, which is no program",
                    variable=ENGINE_VARIABLE,
                    path=named,
                ),
                _("unset {variable}", variable=ENGINE_VARIABLE),
            )
        return Path(named)
    if sys.platform == "win32":
        raise NotReady(_("there is no engine for Windows"), _("Linux, macOS and WSL have one"))
    native = resources.resource_folder("native")
    built = native / "build" / "duollama"
    if os.access(built, os.X_OK):
        return built
    with _cache_lock:  # the judge's threads may both need it
        return _cached(native, built)


def prepare_engine() -> None:
    """Compile the engine if necessary, before a screen opens. Errors are left to the next caller of
    `find_engine`."""
    with contextlib.suppress(NotReady):
        find_engine()


def _cached(native: Path, built: Path) -> Path:
    """Return the engine in the cache: a copy of `built`, if that lies where it is not executable,
    else compiled."""
    inputs = [built] if built.exists() else [*native.glob("src/**/*.[ch]"), native / "cflags"]
    digest = hashlib.sha256(f"{sys.platform} {platform.machine()}".encode())
    for path in sorted(inputs):
        digest.update(path.read_bytes())
    target = cache.cache_folder() / f"engine-{digest.hexdigest()[:12]}" / "duollama"

    def make(fresh: Path) -> None:
        if built.exists():
            shutil.copyfile(built, fresh)
        else:
            _compile(native, fresh)
        fresh.chmod(0o755)

    return cache.cached(target, make)


def _compile(native: Path, out: Path) -> None:
    command = _compiler()
    print(_("duotui: compiling the engine, once, about 15 s"), file=sys.stderr, flush=True)
    sources = sorted(str(path.relative_to(native)) for path in native.glob("src/**/*.c"))
    command += ["@cflags", *sources, "-o", str(out), "-lm"]
    try:
        run_program(command, cwd=native, environment={"LC_ALL": "C"})
    except ChildFailed as error:
        reason = first_error(error.stderr)
        raise NotReady(
            _("the engine cannot be compiled: {reason}", reason=reason), _(INSTALL)
        ) from error


def _compiler() -> list[str]:
    """Return CC, with its options, or the first of COMPILERS that exists. Raises NotReady."""
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [[name] for name in COMPILERS]:
        if shutil.which(command[0]):
            return command
    missing = (
        _("CC names {named}, which is none", named=named[0])
        if named
        else _("there is no C compiler")
    )
    raise NotReady(
        _("the engine must be compiled once, and {missing}", missing=missing), _(INSTALL)
    )


def first_error(messages: str) -> str:
    """Return the line of a compiler's messages that names the first error, else the last line."""
    match = re.search(r"^.*\berror: .*$", messages, re.MULTILINE)
    return match[0] if match else last_line(messages, _("the compiler said nothing"))
