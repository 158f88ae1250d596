"""duotui without modules that Windows lacks: `python without_posix.py ARGUMENTS` is `duotui
ARGUMENTS`.

Modules that libraries use are loaded first, and keep working. So the test shows that duotui itself,
and pexpect's part that it uses, need none of it. SIGUSR1 stands for SIGBREAK. A file that is read
or written without a named encoding ends the program. Windows's own loops, its console and its COM
ports are not shown. `DUOTUI_HOME` is the agent's folder on the board.
"""

import asyncio.unix_events
import builtins
import importlib
import os
import signal
import sys
import types
import warnings
from typing import Any

LOADED = (
    "serial.tools.list_ports",
    "serial.urlhandler.protocol_socket",
    "platformdirs",
    "subprocess",
    "textual.app",
    "textual.drivers.linux_driver",
    "textual.widgets",
)
MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
FUNCTIONS = ("fork", "geteuid", "getuid", "killpg", "openpty", "set_blocking", "ttyname", "uname")
SIGNALS = ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGTSTP", "SIGWINCH")
WITHOUT = ("duotui", "pexpect", "ptyprocess")


def hide() -> None:
    for name in LOADED:
        importlib.import_module(name)
    asyncio.new_event_loop().close()  # since Python 3.14 the first call chooses the kind of loop
    originals = {"signal": _copy(signal), "os": _copy(os)}
    for module in list(sys.modules.values()):
        for name, copy in originals.items():
            if getattr(module, name, None) is sys.modules[name] and module.__name__ != __name__:
                setattr(module, name, copy)
    for name in FUNCTIONS:
        delattr(os, name)
    for name in SIGNALS:
        delattr(signal, name)
    vars(signal)["SIGBREAK"] = signal.SIGUSR1
    loop = asyncio.unix_events._UnixSelectorEventLoop
    del loop.add_signal_handler, loop.remove_signal_handler  # those of the base class raise
    imported = builtins.__import__

    def refuse(name: str, scope: Any = None, *rest: Any, **more: Any) -> Any:
        importer = (scope or {}).get("__name__", "").partition(".")[0]
        if name in MODULES and importer in WITHOUT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return imported(name, scope, *rest, **more)

    vars(builtins)["__import__"] = refuse
    sys.platform = "win32"


def _copy(module: types.ModuleType) -> types.ModuleType:
    copy = types.ModuleType(module.__name__)
    copy.__dict__.update(module.__dict__)
    return copy


if __name__ == "__main__":
    hide()
    warnings.filterwarnings("error", category=EncodingWarning, module=r"duotui\b")
    from duotui.board import agent_launcher

    agent_launcher.BOARD_FOLDER = os.environ.get("DUOTUI_HOME", agent_launcher.BOARD_FOLDER)
    from duotui.cli.main import main

    sys.exit(main())
