"""Modules that a board's start script unloads; rmmod here keeps a list. Programs that it ends."""

from __future__ import annotations

import os
import select
import subprocess
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = resources.resource_folder("firmware") / "overlay/mnt/data/duotui/modules"

STOCK = """cv180x_pwm 16384 0 - Live 0x0
cv180x_jpeg 20480 0 - Live 0x0
cv180x_vcodec 98304 1 cv180x_jpeg, Live 0x0
cv180x_tpu 28672 0 - Live 0x0
cv180x_clock_cooling 16384 0 - Live 0x0
cv180x_vi 262144 0 - Live 0x0
snsr_i2c 16384 0 - Live 0x0
cv180x_base 90112 3 cv180x_vi,cv180x_vcodec,cv180x_sys, Live 0x0
cv180x_sys 53248 1 cv180x_vi, Live 0x0
zram 32768 1 - Live 0x0
usb_f_acm 16384 2 - Live 0x0
"""

RMMOD = """#!/bin/sh
# as the kernel does: not what is used, and what it used itself is used once less
grep -q "^$1 [0-9]* 0 " "{list}" || exit 1
case $1 in cv180x_stuck) exit 1 ;; esac
echo "$1" >>"{log}"
awk -v gone="$1," '$1 "," == gone {{ next }} index($4, gone) {{ $3--; sub(gone, "", $4) }} 1' \\
    "{list}" >"{list}.new" && mv "{list}.new" "{list}"
"""


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_what_only_costs_memory_goes_and_the_rest_stays(tmp_path: Path, shell: str) -> None:
    modules, log = tmp_path / "modules", tmp_path / "log"
    modules.write_text(STOCK + "cv180x_stuck_tpu 4096 1 - Live 0x0\n")
    (tmp_path / "rmmod").write_text(RMMOD.format(list=modules, log=log))
    (tmp_path / "rmmod").chmod(0o755)
    subprocess.run(
        [shell, SCRIPT, modules], check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=30
    )
    remaining = {line.split()[0] for line in modules.read_text().splitlines()}
    assert remaining == {
        "cv180x_pwm",
        "cv180x_clock_cooling",
        "zram",
        "usb_f_acm",
        "cv180x_stuck_tpu",
    }
    order = log.read_text().split()
    assert order.index("cv180x_jpeg") < order.index("cv180x_vcodec") < order.index("cv180x_base")


def test_a_board_without_modules_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "modules").write_text("")
    subprocess.run(["sh", SCRIPT, tmp_path / "modules"], check=True, timeout=30)
    subprocess.run(["sh", SCRIPT, tmp_path / "none"], timeout=30)


LATE = """#!/bin/sh
echo {name} >>{fifo}
{then}
"""


def test_a_late_burnd_is_ended_while_the_login_has_the_port(tmp_path: Path) -> None:
    """An Arduino image starts it seconds after the gadget. killall and getty here say that they
    run; the login stays."""
    fifo, script = tmp_path / "fifo", tmp_path / "start.sh"
    os.mkfifo(fifo)
    for name, then in (("killall", ""), ("getty", "read -r wait <{fifo}.never"), ("swapoff", "")):
        (tmp_path / name).write_text(LATE.format(name=name, fifo=fifo, then=then.format(fifo=fifo)))
        (tmp_path / name).chmod(0o755)
    os.mkfifo(f"{fifo}.never")
    text = SCRIPT.with_name("start.sh").read_text()
    for path, own in (
        ("/dev/ttyGS0", "/dev/null"),
        ("/mnt/data/duotui/modules", "true"),
        ("/mnt/data/duotui", str(tmp_path)),
        ("/tmp/usb", str(tmp_path / "usb")),
        ("/tmp/duotui-start.pid", str(tmp_path / "pid")),
        ("$tries -lt 10", "$tries -lt 0"),
        ("/etc/", f"{tmp_path}/none/"),
    ):
        text = text.replace(path, own)
    script.write_text(text)
    reader = os.open(fifo, os.O_RDWR)
    board = subprocess.Popen(
        ["sh", script], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, start_new_session=True
    )
    try:
        said = b""
        while b"killall" not in said.partition(b"getty")[2]:
            assert select.select([reader], [], [], 20)[0], said
            said += os.read(reader, 4096)
    finally:
        os.killpg(board.pid, 9)
        board.wait()
        os.close(reader)
