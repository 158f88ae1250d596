"""Any shell, with any prompt, is found and entered, and is afterwards as it was."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from duotui.base.clock import ManualClock
from duotui.base.errors import NotReady
from duotui.board.command_loop import LEAVE_COMMAND, LOOP_PROMPT, enter_line
from duotui.board.login import no_shell_error
from duotui.board.port_probe import QUESTION, PeerState, probe_peer
from duotui.board.shell import Shell
from duotui.board.upload import upload
from duotui.scoring.machine_conditions import CONDITIONS_SCRIPT, parse_conditions

if TYPE_CHECKING:
    from pathlib import Path

    from duotui.board.pexpect_transport import TransportSpawn
    from support.fixture_types import OpenLine

UART = 115_200

SHELLS = {
    "dash": ("dash", "-i"),
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "busybox": ("busybox", "sh", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "-i"),
}

PROMPTS = {
    "stock": r"[\u@\h]\w# ",
    "busybox": r"\w \$ ",
    "coloured": r"\[\e[1;31m\]\u@\h:\w\$\[\e[0m\] ",
    "window title": r"\[\e]0;\u@\h: \w\a\]\u@\h:\w\$ ",
    "two lines": r"\n\[\e[1;32m\][\u@\h:\w]\n\$\[\e[0m\] ",
    "time first": r"[\t] \u@\h:\w\$ ",
    "no blank": r"\u@\h:\w\$",
    "greater": "> ",
    "percent": "% ",
    "guillemet": "» ",
    "lambda": "λ ",
    "at the right": r"\[\e[s\e[70C12:00\e[u\]❯ ",
    "none": "",
}


def command_of(name: str) -> tuple[str, ...]:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return SHELLS[name]


def returns_to_its_owner(spawn: TransportSpawn) -> bool:
    """True if a line that is typed by hand is echoed, and its answer comes."""
    for _ in range(20):  # stty discards what is typed before its end
        spawn.write_bytes(b"\x15expr 1200 + 34\r")
        if spawn.wait_for(rb"(?s)1200 \+ 34.*?\b1234\r", seconds=1) == 0:
            return True
    return False


@pytest.mark.parametrize("baud", [0, UART], ids=["pty", "uart"])
@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_is_entered_used_and_left(
    line: OpenLine, tmp_path: Path, name: str, baud: int
) -> None:
    source, target = tmp_path / "file", tmp_path / "arrived"
    source.write_bytes(bytes(range(256)) * 64)
    with line(*command_of(name), prompt="root@milkv-duo:~# ", baud=baud) as spawn:
        with Shell.enter(spawn, probe_peer(spawn)) as shell:
            assert shell.run(r"printf 'a\\nb %s' '\c'") == r"a\nb \c"
            assert shell.ask("(exit 3)").status == 3
            assert shell.run("echo on") == "on"
            assert upload(shell, source, str(target), ManualClock())
            conditions = parse_conditions(shell.run(CONDITIONS_SCRIPT, 60))
            assert conditions.memory > 0
        assert target.read_bytes() == source.read_bytes()
        assert returns_to_its_owner(spawn)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("name", ["bash", "busybox"])
def test_a_prompt_is_known_by_an_answer_and_not_by_its_look(
    line: OpenLine, name: str, prompt: str
) -> None:
    with line(*command_of(name), prompt=PROMPTS[prompt]) as spawn:
        state = probe_peer(spawn)
        assert state is PeerState.SHELL
        with Shell.enter(spawn, state) as shell:
            assert shell.run("echo in") == "in"


def test_aliases_and_functions_of_its_owner_change_no_command(line: OpenLine) -> None:
    with line(*command_of("bash")) as spawn:
        spawn.write_bytes(b"alias ls='ls --color=always' echo='echo my'; cd /\r")
        with Shell.enter(spawn, probe_peer(spawn)) as shell:
            assert "\N{REPLACEMENT CHARACTER}" not in shell.run("ls -d /usr")
            assert shell.run("echo plain") == "plain"


@pytest.mark.parametrize("name", ["dash", "bash", "busybox"])
def test_a_host_that_was_killed_leaves_one_loop_to_leave(line: OpenLine, name: str) -> None:
    """The loop below the loop of a killed host ends with it."""
    with line(*command_of(name), prompt="own prompt# ") as spawn:
        Shell.enter(spawn, probe_peer(spawn))
        with Shell.enter(spawn, probe_peer(spawn)) as shell:
            assert shell.run("echo again") == "again"
        spawn.write_bytes(b"\r")
        assert spawn.wait_for(rb"own prompt# (?:\x1b\[6n)?$", seconds=10) == 0


def test_the_level_of_kernel_messages_is_what_it_was(line: OpenLine, tmp_path: Path) -> None:
    """Also below the loop of a killed host, which has set another one."""
    said = tmp_path / "said"
    (tmp_path / "dmesg").write_text(f'#!/bin/sh\necho "$2" >>{said}\n')
    with open("/proc/sys/kernel/printk") as levels:
        level = levels.read().split()[0]
    with line() as spawn:
        Shell.enter(spawn, probe_peer(spawn))
        with Shell.enter(spawn, probe_peer(spawn)) as shell:
            shell.run("true")
        assert returns_to_its_owner(spawn)
    assert said.read_text().split() == ["1", "1", level, level]


@pytest.mark.parametrize("name", ["dash", "bash", "busybox"])
def test_a_command_that_hangs_is_interrupted_and_the_loop_goes_on(
    line: OpenLine, name: str
) -> None:
    with line(*command_of(name)) as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        shell._spawn.write_bytes(b"sleep 1000\r\x03\r")
        assert shell.run("echo on") == "on"


def test_a_line_that_is_typed_into_a_shell_fits_into_any() -> None:
    """A tty holds 4095 bytes of a line, BusyBox's editor 1023. csh obeys a `!` also in quotes."""
    typed = enter_line(1_000_000_000)
    assert len(typed) < 1023
    assert "!" not in typed + LEAVE_COMMAND
    assert (typed.count("'"), typed[0]) == (2, " ")
    assert not re.search(rb"[\"'`\\<>]", QUESTION)
    assert LOOP_PROMPT in typed


def test_another_program_is_told_with_its_last_line(line: OpenLine) -> None:
    menu = "while printf '\\033[1mBoot menu\\033[0m\\nSelect a system: '; do read -r n; done"
    with line("sh", "-c", menu, modes="sane -echo") as spawn:
        state = probe_peer(spawn, patience=0.5)
        assert state is PeerState.PROGRAM
        error = no_shell_error(state, spawn)
    assert isinstance(error, NotReady)
    assert error.message.endswith('line, which shows "Select a system:"')
