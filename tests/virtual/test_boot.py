"""Limits of the virtual Duo equal a Duo's, and its line is found in any state."""

from __future__ import annotations

import hashlib
import random
import subprocess
import wave
from typing import TYPE_CHECKING

import pytest

from duotui.base.board_profile import DUO_64M, MemoryLayout
from duotui.base.clock import MonotonicClock
from duotui.base.errors import DuotuiError, NotReady
from duotui.base.progress import TransferProgress
from duotui.board.port_probe import PeerState
from duotui.board.shell import Shell
from duotui.board.upload import upload
from duotui.targets.virtual_duo import VirtualDuo, make_card
from support.emulators import BOARD_FOLDER, MISSING_CALLS

if TYPE_CHECKING:
    from pathlib import Path

    from support.fixture_types import StartBoard

pytestmark = pytest.mark.timeout(300)

MEBI = 1024


def test_logs_in_on_a_board_from_its_box(start: StartBoard) -> None:
    with start() as duo:
        shell = duo.shell()
        assert b"Welcome to Milk-V Duo" in duo.spawn.heard
        assert b"milkv-duo login: " in duo.spawn.heard
        assert b"[root@milkv-duo]~# " in duo.spawn.heard
        assert shell.run("uname -m; hostname; id -u") == "riscv64\nmilkv-duo\n0"
        assert "/dev/root / ext4 rw" in shell.run("cat /proc/mounts")
        assert shell.run("ls -d /mnt/data /mnt/system") == "/mnt/data\n/mnt/system"
        assert shell.run("cat /proc/cpuinfo").count("processor") == 1
        assert "zram" in shell.run("cat /proc/swaps")
        assert shell.run("date +%Y") == "1970"


@pytest.mark.parametrize(
    ("memory", "total"),
    [(MemoryLayout.STOCK, 28.8), (MemoryLayout.FREED, 55.3), (MemoryLayout.FULL, 58.0)],
)
def test_has_the_memory_of_an_image(start: StartBoard, memory: MemoryLayout, total: float) -> None:
    with start(memory) as duo:
        kilobytes = duo.shell().run("awk '/^MemTotal/ {print $2}' /proc/meminfo")
    if memory is MemoryLayout.FULL:
        assert int(kilobytes) / MEBI > total
    else:
        assert int(kilobytes) / MEBI == pytest.approx(total, abs=0.1)


def test_lacks_the_calls_that_a_duo_lacks(
    start: StartBoard, stock: Path, tmp_path: Path, engine: Path
) -> None:
    """Each call is made; the errno of ENOSYS is 38."""
    calls = "\n".join(
        f'    printf("{name} %d\\n", (syscall({number}, 0, 0, 0, 0, 0), errno));'
        for name, number in MISSING_CALLS.items()
    )
    source = tmp_path / "calls.c"
    source.write_text(
        "#include <errno.h>\n#include <stdio.h>\n#include <unistd.h>\n"
        f"long syscall(long number, ...);\nint main(void) {{\n{calls}\n    return 0;\n}}\n"
    )
    folder = tmp_path / "with"
    (folder / "usr/bin").mkdir(parents=True)
    program = folder / "usr/bin/calls"
    subprocess.run([BOARD_FOLDER / "compiler", "-march=rv64gc", "-o", program, source], check=True)
    make_card(tmp_path / "own.img", folder)
    with start(card=tmp_path / "own.img") as duo:
        assert duo.shell().run("calls") == "\n".join(f"{name} 38" for name in MISSING_CALLS)


def test_reads_its_card_as_slowly(start: StartBoard, tmp_path: Path) -> None:
    """Bytes that are read in ten seconds; the card's clock is the host's."""
    with start() as duo:
        shell = duo.shell()
        shell.run("dd if=/dev/zero of=/mnt/data/big bs=1M count=60", 60)
        shell.run("sync; echo 3 >/proc/sys/vm/drop_caches", 60)
        output = shell.run(
            "a=$(cut -d' ' -f1 /proc/uptime); cat /mnt/data/big >/dev/null;"
            " b=$(cut -d' ' -f1 /proc/uptime); echo $a $b",
            60,
        )
    start_time, end_time = map(float, output.split())
    rate = 60 * 2**20 / (end_time - start_time)
    assert rate <= DUO_64M.card_rate * 1.1


def test_a_second_one_on_the_same_card_is_refused(start: StartBoard, tmp_path: Path) -> None:
    with start() as duo:
        second = VirtualDuo(duo.board.card)
        with pytest.raises(NotReady, match="runs in another program already; end that one first"):
            second.start()
        second.close()


def test_is_heard(start: StartBoard, tmp_path: Path) -> None:
    sound = tmp_path / "speaker.wav"
    with start(sound=sound) as duo:
        duo.shell().run("yes duo | head -c 65536 >/dev/dsp", 60)
    with wave.open(str(sound)) as file:
        recorded = file.readframes(file.getnframes())
    assert len(set(recorded)) > 2


def test_a_wrong_password_is_said(start: StartBoard) -> None:
    with start() as duo, pytest.raises(NotReady, match="password of root"):
        Shell.enter(duo.spawn, duo.find(), key="wrong")


def test_what_was_half_typed_is_not_run(start: StartBoard) -> None:
    with start() as duo:
        duo.shell()
        duo.spawn.write_bytes(b"touch /tmp/rubbish")
        assert duo.find() is PeerState.SHELL
        assert duo.shell().ask("ls /tmp/rubbish").status == 1


def test_a_program_in_the_foreground_is_left_alone(start: StartBoard) -> None:
    with start() as duo:
        duo.shell()
        duo.spawn.write_bytes(b"stty echo; cat\r")
        assert duo.find() is PeerState.PROGRAM
        with pytest.raises(NotReady, match="another program"):
            Shell.enter(duo.spawn, PeerState.PROGRAM)
        duo.spawn.write_bytes(b"\x03")
        assert duo.find() is PeerState.SHELL


def test_a_reset_board_is_waited_for(start: StartBoard) -> None:
    with start() as duo:
        duo.shell().run("touch /tmp/gone /mnt/data/kept; sync")
        duo.board.reset()
        shell = duo.shell()
        assert shell.ask("ls /tmp/gone").status == 1
        assert shell.run("ls /mnt/data/kept") == "/mnt/data/kept"


def test_a_board_that_hangs_is_silent(start: StartBoard) -> None:
    with start() as duo:
        duo.shell()
        duo.board.freeze(True)
        assert duo.find() is PeerState.SILENT
        duo.board.freeze(False)
        assert duo.shell().run("echo back") == "back"


def test_takes_a_file_whole(start: StartBoard, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(5).randbytes(300_000))
    with start() as duo:
        shell = duo.shell()
        assert upload(shell, source, "/mnt/data/new/file", MonotonicClock(), mode=0o755)
        assert shell.run("ls -l /mnt/data/new").split("\n")[1].startswith("-rwxr-xr-x")
        assert not upload(shell, source, "/mnt/data/new/file", MonotonicClock())


def test_a_full_card_is_said_before_anything_is_written(start: StartBoard, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(3_000_000))
    with start() as duo:
        shell = duo.shell()
        shell.ask("dd if=/dev/zero of=/mnt/data/fill bs=1M; rm -f /mnt/data/none", 120)
        with pytest.raises(NotReady, match=r"has 0\.0 MB of room, and 3\.0 are needed"):
            upload(shell, source, "/mnt/data/file", MonotonicClock())
        assert shell.run("ls /mnt/data") == "fill"


def test_a_card_that_is_read_only_is_said(start: StartBoard, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(3_000))
    with start() as duo:
        shell = duo.shell()
        shell.run("mkdir /mnt/data/new; sync; mount -o remount,ro /")
        with pytest.raises(NotReady, match=r"cannot write /mnt/data/new/.*; Read-only file system"):
            upload(shell, source, "/mnt/data/new/file", MonotonicClock())
        with pytest.raises(NotReady, match=r"cannot mkdir; .*Read-only file system"):
            upload(shell, source, "/mnt/data/other/file", MonotonicClock())


def test_power_that_fails_during_a_push_leaves_no_half_file(
    start: StartBoard, tmp_path: Path
) -> None:
    source, card = tmp_path / "source", tmp_path / "card.img"
    source.write_bytes(random.Random(6).randbytes(300_000))
    sent: list[int] = []
    with start() as duo:

        def cuts(now: TransferProgress) -> None:
            if now.done > 150_000:
                duo.board.cut_power()

        with pytest.raises(DuotuiError):
            upload(duo.shell(), source, "/mnt/data/file", MonotonicClock(), cuts, seconds=2)
    with start(card=card) as duo:
        shell = duo.shell()
        assert shell.ask("test -e /mnt/data/file").status == 1
        upload(shell, source, "/mnt/data/file", MonotonicClock(), lambda now: sent.append(now.sent))
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        assert shell.run("sha256sum /mnt/data/file").split()[0] == digest
    assert sent
