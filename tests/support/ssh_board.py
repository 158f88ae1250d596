"""A board in a mount and a process namespace of its own: ssh by dropbear, and a UART.

Its user root has the images' password. Its /mnt, /etc, /tmp and /root are its own, and what would
change this computer's kernel is an empty script. A shell is at its UART. `run_usb.sh start` opens
another one, on the tty of its USB port. Needs root.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base.board_profile import DUO_64M
from duotui.link.ports import Port
from duotui.link.pty_cable import PtyCable
from duotui.link.usb_devices import UsbDevice
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTER = """
set -e
mount --make-rprivate /
mount --bind "$1" /srv
mount --bind "$1/etc" /etc
mount --bind "$1/mnt" /mnt
mount --bind "$1/root" /root
mount -t tmpfs tmpfs /tmp
gadget=/tmp/usb/usb_gadget/cvitek
mkdir -p $gadget/functions/ncm.usb0
echo udc >$gadget/UDC
setsid --ctty env -i TERM=vt100 sh -l -i <"$3" >"$3" 2>&1 &
exec dropbear -F -E -p "127.0.0.1:$2" -r /srv/key -P /tmp/dropbear.pid
"""

PROFILE = """export PATH=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PS1='[root@milkv-duo]~# '
alias ls='ls --color'
"""

RUN_USB = """#!/bin/sh
GADGET=/tmp/usb/usb_gadget/cvitek
case $1 in
    probe) mkdir -p "$GADGET/functions/$2.usb0" "$GADGET/strings/0x409" ;;
    start)
        setsid --ctty sh -l -i <{tty} >{tty} 2>&1 &
        touch /srv/started
        ;;
    stop) rm -r "$GADGET" ;;
esac
"""

HARMLESS = ("dmesg", "swapoff", "rmmod", "killall", "ifconfig", "getty")


@dataclass
class SshBoard:
    """Running board. `host` is its address for ssh, `folder` its root's files, `uart` the cable at
    its UART, and `cable` that of its USB port."""

    folder: Path
    cable: PtyCable
    uart: PtyCable
    server: subprocess.Popen[str]
    host: str

    def file(self, path: str) -> Path:
        """The file of the board below /mnt or /root."""
        return self.folder / path.lstrip("/")

    def ports(self) -> list[Port]:
        """Ports of the computer that it is plugged in to: its own, once it is started."""
        if not (self.folder / "started").exists():
            return []
        number = self.file("/mnt/data/duotui/serial").read_text().strip()
        name, path = f"duotui-{number}", self.cable.host_path
        return [Port(path, "USB Com Port", DUO_64M.usb_vendor, 0x1003, name)]

    def on_usb(self) -> list[UsbDevice]:
        return [UsbDevice("/sys/bus/usb/devices/1-1", "network")] if not self.ports() else []

    def hang_up(self) -> None:
        """End each connection, as a pulled cable does in time."""
        listener = self._children(self.server.pid)[0]
        for session in self._children(listener):
            os.kill(session, 9)

    @staticmethod
    def _children(pid: int) -> list[int]:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def ssh_board(folder: Path) -> Iterator[SshBoard]:
    """Start a board whose files are in `folder`; a second one there is the same board with another
    key. Skips where it cannot be started."""
    for program in ("dropbear", "ssh"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if os.geteuid() != 0:
        pytest.skip("a board behind ssh needs root")
    cable, uart = PtyCable(), PtyCable()
    # held, or the name of an end would be the next pty's
    held = [os.dup(each.board_end) for each in (cable, uart)]
    for end in held:
        subprocess.run(["stty", "sane"], stdin=end, check=True)
    _write_files(folder, cable.board_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *("unshare", "-m", "-p", "-f", "--kill-child"),
            *("sh", "-c", ENTER, "sh", str(folder), str(port), uart.board_path),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        first = server.stderr.readline()
        if "Not backgrounding" not in first:
            pytest.skip(f"a board behind ssh cannot be started: {first.strip()}")
        for each in (cable, uart):
            each.start()
        yield SshBoard(folder, cable, uart, server, f"127.0.0.1:{port}")
    finally:
        server.kill()
        server.communicate()
        for each in (cable, uart):
            each.cut()
        for end in held:
            os.close(end)


def _write_files(folder: Path, tty: str) -> None:
    shutil.rmtree(folder / "etc", ignore_errors=True)
    shutil.copytree("/etc", folder / "etc", symlinks=True, ignore=_unreadable)
    for name in ("bin", "mnt/data", "mnt/system", "root/.ssh"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    stock = ROOT / "firmware/stock/etc"
    scripts = dict.fromkeys(HARMLESS, "#!/bin/sh\n")
    scripts["uname"] = f"#!/bin/sh\n[ $1 = -m ] && echo {DUO_64M.machine} || exec /bin/uname $@\n"
    for name, text in scripts.items():
        _script(folder / "bin" / name, text)
    _script(folder / "etc/run_usb.sh", RUN_USB.replace("{tty}", tty))
    _script(folder / "etc/uhubon.sh", "#!/bin/sh\n")
    (folder / "etc/profile").write_text(PROFILE)
    for name in ("passwd", "shadow", "issue"):
        shutil.copy(stock / name, folder / "etc" / name)
    (folder / "etc/shadow").chmod(0o600)
    (folder / "root").chmod(0o700)
    (folder / "started").unlink(missing_ok=True)
    (folder / "key").unlink(missing_ok=True)
    subprocess.run(
        ["dropbearkey", "-t", "ed25519", "-f", folder / "key"], check=True, capture_output=True
    )


def _unreadable(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not os.access(f"{folder}/{name}", os.R_OK)}


def _script(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)
