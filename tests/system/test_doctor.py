"""Doctor's findings and fixes for each fault between host and board that tests can cause."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import Exit, UsageError
from duotui.board.checks import Finding, check_board
from duotui.board.doctor import doctor, of_port
from duotui.board.login import no_shell_error
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import PeerState, probe_peer
from duotui.board.self_test import SIGNAL_ENDS
from duotui.board.shell import Shell
from duotui.link.port_access import permission_hint
from duotui.link.ports import Port
from duotui.link.usb_devices import SIGHTS, UsbDevice
from support.fixture_types import port_of
from support.lying_shell import LyingShell, honest
from support.paths import ROOT

if TYPE_CHECKING:
    from support.fixture_types import OpenLine


def examined(target: str, as_json: bool = False) -> tuple[Exit, str]:
    """Run doctor in this process, which holds the other end of the line, so it is no foreign
    holder."""
    out = io.StringIO()
    return doctor(target, as_json, out), out.getvalue()


def links(findings: list[Finding]) -> dict[str, bool | None]:
    return {finding.link: finding.right for finding in findings}


def programs(tmp_path: Path, **outputs: str) -> None:
    """Replace a board's commands by scripts with this output."""
    for name, script in outputs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)


def test_no_port() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "duotui", "doctor", "/dev/ttyNONE0"], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (Exit.NO_DEVICE, "")
    assert result.stdout.startswith("WRONG  port         there is no /dev/ttyNONE0\n")
    assert result.stdout.endswith("then look for its port:\n" + " " * 23 + "duotui devices\n")


@pytest.mark.parametrize("target", ["sim", "virtual"])
def test_what_has_no_port(target: str) -> None:
    with pytest.raises(UsageError, match="has no port to look at"):
        examined(target)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_no_permission(tmp_path: Path) -> None:
    port = tmp_path / "ttyACM0"
    port.touch(0)
    findings = list(of_port(str(port), []))
    assert links(findings) == {"port": True, "permission": False}
    assert (findings[-1].exit, "sudo" in findings[-1].mend) == (Exit.NO_PERMISSION, True)


def test_a_port_that_another_program_holds(line: OpenLine) -> None:
    with line() as spawn:
        port = port_of(spawn)
        end = os.open(port, os.O_RDWR | os.O_NOCTTY)
        holder = subprocess.Popen(["sleep", "100"], stdin=end)
        try:
            spawn.transport.close()
            status, output = examined(port)
        finally:
            os.close(end)
            holder.kill()
            holder.wait()
    assert status is Exit.BUSY
    assert f"WRONG  free         in use by sleep (pid {holder.pid})\n" in output


@pytest.mark.parametrize(
    ("runs", "rule", "right"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_modem_manager(tmp_path: Path, runs: bool, rule: bool, right: bool) -> None:
    proc, rules = tmp_path / "proc", tmp_path / "rules"
    (proc / "7").mkdir(parents=True)
    (proc / "7/comm").write_text("ModemManager\n" if runs else "init\n")
    rules.mkdir()
    if rule:
        ours = ROOT / "firmware/host/60-duotui.rules"
        (rules / ours.name).write_text(ours.read_text())
    port = tmp_path / "ttyACM0"
    port.touch()
    duo = Port(str(port), "USB Com Port", DUO_64M.usb_vendor, 0x1003, "")
    findings = list(of_port(str(port), [duo], proc, [rules]))
    assert links(findings)["modems"] is right


def test_a_line_with_nobody_at_its_end(line: OpenLine) -> None:
    with line("sleep", "100", modes="sane -echo") as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        status, output = examined(port, as_json=True)
    rows = json.loads(output)
    assert (status, rows[-1]["link"], rows[-1]["right"]) == (6, "line", False)
    assert rows[-1]["what"] == "nothing answers"


def test_another_computer_is_seen(line: OpenLine) -> None:
    with line() as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        status, output = examined(port)
    assert status is Exit.NOT_READY
    assert "WRONG  board        Linux" in output
    rows = output.splitlines()
    assert max(len(row) for row in rows if "duotui setup" not in row) <= 79
    assert f"{' ' * 23}duotui setup {port}" in rows


def test_a_hot_board(line: OpenLine, tmp_path: Path) -> None:
    programs(
        tmp_path,
        uname='[ "$1" = -m ] && echo riscv64 || echo 5.10.4',
        grep="echo MemTotal: 29492 kB",
        cat='case "$1" in *cooling*) echo 1; echo 0;; *) /bin/cat "$@";; esac',
    )
    with line() as spawn:
        findings = list(check_board(Shell.enter(spawn, probe_peer(spawn))))
    output = links(findings)
    assert (output["board"], output["memory"], output["clock"]) == (True, None, False)
    assert (output["storyteller"], output["model"]) == (False, False)
    assert findings[1].what.startswith("28.8 MB")


@pytest.mark.parametrize(
    ("ls", "right", "what"),
    [
        ("echo 'ls: no such file' >&2; exit 1", None, "none is known to the kernel"),
        ("echo /dev/snd/pcmC0D0c", False, "but no /mnt/data/duotui/ear"),
    ],
    ids=["no-device", "no-ear"],
)
def test_a_microphone(
    line: OpenLine, tmp_path: Path, ls: str, right: bool | None, what: str
) -> None:
    programs(tmp_path, ls=ls, arecord="exit 0")
    with line() as spawn:
        findings = list(check_board(Shell.enter(spawn, probe_peer(spawn))))
    (microphone,) = (finding for finding in findings if finding.link == "microphone")
    assert microphone.right is right
    assert what in microphone.what


ALIAS = "alias ls='echo coloured; ls'\r"


@pytest.mark.parametrize(
    ("player", "right", "what"),
    [
        ("exit 0", False, "/dev/snd/pcmC1D0p, but no voice"),
        ("", None, "/dev/snd/pcmC1D0p, but no aplay: the host speaks"),
    ],
    ids=["no-voice", "no-player"],
)
def test_a_loudspeaker(
    line: OpenLine, tmp_path: Path, player: str, right: bool | None, what: str
) -> None:
    """An image's profile has an alias of ls, which must not get into a name."""
    programs(tmp_path, ls="echo /dev/snd/pcmC1D0p")
    if player:
        programs(tmp_path, aplay=player)
    elif shutil.which("aplay"):
        pytest.skip("there is a sound card here")
    with line() as spawn:
        spawn.write_bytes(ALIAS.encode())
        findings = list(check_board(Shell.enter(spawn, probe_peer(spawn))))
    assert (findings[-1].right, findings[-1].what) == (right, what)


def test_a_port_named_by_a_link_is_the_port(tmp_path: Path) -> None:
    port, link = tmp_path / "ttyACM0", tmp_path / "by-id"
    port.touch()
    link.symlink_to(port)
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/comm").write_text("ModemManager\n")
    duo = Port(str(port), "USB Com Port", DUO_64M.usb_vendor, 0x1003, "")
    findings = list(of_port(str(link), [duo], tmp_path / "proc", []))
    assert links(findings)["modems"] is False


def test_a_board_without_a_card_is_said(line: OpenLine) -> None:
    """Boot ROM that tries again and again."""
    rom = (
        "while printf 'C.SCS/0/0.WD.URPL.SDI'; do sleep 1; echo '/25000000/6000000.'"
        " 'E:SD card identified timeout: 1502 ms'; echo 'E:Boot failed (8). E:RESET:plat/mars';"
        " sleep 1; done"
    )
    with line("sh", "-c", rom, modes="sane -echo") as spawn:
        port = port_of(spawn)
        spawn.transport.close()
        status, output = examined(port)
    assert status is Exit.NOT_READY
    assert "WRONG  line         its boot ROM finds nothing to boot from" in output
    assert "-> seat its card, or flash an image to it" in output


@pytest.mark.parametrize("machine", ["aarch64", "armv7l", "x86_64"])
def test_a_duo_in_arm_mode_gets_the_hint_that_helps(machine: str) -> None:
    hint = DUO_64M.other_machine_hint(machine)
    assert ("set it to RISC-V" in hint) is (machine != "x86_64")
    assert "duotui devices" in hint


def test_a_remedy_ends_with_a_command_that_runs_as_it_stands(tmp_path: Path) -> None:
    """None of them leads to doctor, which has just printed it."""
    with_manager = tmp_path / "proc/7/comm"
    with_manager.parent.mkdir(parents=True)
    with_manager.write_text("ModemManager\n")
    (tmp_path / "ttyACM0").touch()
    duo = Port(str(tmp_path / "ttyACM0"), "", DUO_64M.usb_vendor, 0x1003, "")
    modems = list(of_port(duo.path, [duo], tmp_path / "proc", []))[-1].mend
    command = shlex.split(modems.rpartition(": ")[2])
    assert command[:2] == ["sudo", "cp"]
    assert Path(command[2]).is_absolute()
    assert Path(command[2]).is_file()
    usb = [UsbDevice("", kind, number="1a86:7523").mend for kind in SIGHTS]
    spawn = TransportSpawn(LyingShell(honest))
    unclear = [no_shell_error(state, spawn).hint for state in PeerState]
    engine = [mend for _, mend in SIGNAL_ENDS.values()]
    machine = [DUO_64M.other_machine_hint(machine) for machine in ("aarch64", "x86_64")]
    for mend in [modems, permission_hint(duo.path), *usb, *unclear, *engine, *machine]:
        assert "duotui doctor" not in mend
        words, colon, command_line = mend.rpartition(": ")
        if colon:
            assert shlex.split(command_line)[0] in ("sudo", "duotui"), words
