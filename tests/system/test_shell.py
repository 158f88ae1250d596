"""Detection of the program behind a line: a real shell on a real tty, or an obstacle."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.errors import LinkBroken, NotReady
from duotui.board.agent_launcher import open_shell
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import PeerState, probe_peer, terminal_safe_frame
from duotui.board.shell import Shell
from duotui.protocol.message_base import Message
from duotui.protocol.messages import AskHello, Gone
from duotui.targets.simulator import SimulatedDuo

if TYPE_CHECKING:
    from pathlib import Path

    from support.fixture_types import OpenLine

LOW = {0x03, 0x04, 0x09, 0x0A, 0x0D, 0x11, 0x13, 0x1A, 0x1C}


@pytest.mark.parametrize("message", [AskHello(), Gone()], ids=type)
def test_what_is_said_through_a_terminal_holds_nothing_that_it_obeys(message: Message) -> None:
    assert not LOW & set(terminal_safe_frame(message))


@pytest.mark.parametrize("prompt", ["# ", "$ ", "[root@milkv-duo]~# "])
def test_a_shell_is_found_and_entered(line: OpenLine, prompt: str) -> None:
    with line(prompt=prompt) as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert shell.run("echo one; echo two") == "one\ntwo"
        assert shell.ask("echo said; exit_with() { return 3; }; exit_with").status == 3
        assert shell.run("printf 'no newline'") == "no newline"
        assert shell.run("true") == ""
        assert shell.run(r"printf 'a\\nb %s' '\c'") == r"a\nb \c"


def test_a_shell_that_a_killed_host_left_is_found_again(line: OpenLine) -> None:
    with line() as spawn:
        Shell.enter(spawn, probe_peer(spawn))
        assert Shell.enter(spawn, probe_peer(spawn)).run("echo again") == "again"


@pytest.mark.parametrize("modes", ["sane", "raw -echo"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_shell_that_waits_for_the_end_of_a_quote_is_found(
    line: OpenLine, quote: str, modes: str
) -> None:
    """The quote came in a frame, for an agent that was killed."""
    with line(modes=modes) as spawn:
        spawn.write_bytes(f"echo {quote}half\x02 a frame\n".encode())
        assert spawn.wait_for(rb"> $", seconds=10) == 0
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert shell.run("echo it is back") == "it is back"


def test_a_board_that_starts_anew_under_a_command_is_noticed(line: OpenLine) -> None:
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        with pytest.raises(NotReady, match="has started anew"):
            shell.ask('printf "OpenSBI v1.3" >$(tty); sleep 1000', 1000)


def test_leaving_gives_the_echo_back(line: OpenLine) -> None:
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert "-echo " in shell.run("stty -a")
        shell.leave()
        spawn.write_bytes(b"stty -a | tr ' ;' '\\n\\n' | grep -x echo\r")
        assert spawn.wait_for(rb"(?:# |\n)echo\r?\n", seconds=10) == 0


def test_an_answer_that_noise_fell_into_is_asked_for_again(line: OpenLine, tmp_path: Path) -> None:
    """A kernel message interrupts the output twice; the command runs once."""
    remaining, once = [2], tmp_path / "once"

    def corrupt(data: bytes) -> bytes:
        if b"counted" in data and remaining[0]:
            remaining[0] -= 1
            return data.replace(b"counted", b"coun[   12.345678] usb: reset\r\nted", 1)
        return data

    with line(corrupt=corrupt) as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert shell.run(f"echo >>{once}; echo counted $(wc -l <{once})") == "counted 1"
        assert remaining == [0]
        with pytest.raises(NotReady, match="cannot ls; "):
            shell.run("ls /no/such/folder")


def test_what_a_host_before_left_is_no_answer(line: OpenLine) -> None:
    with line() as spawn:
        spawn.write_bytes(b"stty -echo; r1001=$(printf 'old\\n0')\r")
        shell = Shell.enter(spawn, probe_peer(spawn), chance=lambda: 0.0)
        assert shell.run("echo new") == "new"


def test_what_fails_is_said_with_its_last_line(line: OpenLine) -> None:
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        with pytest.raises(NotReady, match=r"the board cannot cat; .*No such file"):
            shell.run("cat /no/such/file")


def test_a_program_in_the_foreground(line: OpenLine) -> None:
    with line("cat") as spawn:
        assert probe_peer(spawn, patience=1) is PeerState.PROGRAM


@pytest.mark.parametrize("prompt", ["=> ", "cv180x_c906# "])
def test_the_boot_loader(line: OpenLine, prompt: str) -> None:
    with line(prompt=prompt) as spawn:
        state = probe_peer(spawn)
        assert state is PeerState.BOOTLOADER
        with pytest.raises(NotReady, match="stopped in its boot loader; type boot there"):
            Shell.enter(spawn, state)


def test_a_boot_loader_that_a_byte_stopped_is_told_to_go_on(line: OpenLine) -> None:
    loader = (
        "while printf 'cv180x_c906# '; read -r said; do"
        ' [ "$said" = boot ] && echo "Starting kernel ..." && exec sh -i; done'
    )
    with line("sh", "-c", loader) as spawn:
        state = probe_peer(spawn)
        assert state is PeerState.BOOTLOADER
        assert open_shell(spawn, state).run("echo in") == "in"


def test_a_shell_that_ends_is_said_at_once(line: OpenLine) -> None:
    login = "sh -i; while printf 'duo login: '; do read -r user || sleep 1; done"
    with line("sh", "-c", login) as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        spawn.write_bytes(b"\x04")  # ^D has no effect
        assert shell.run("echo on") == "on"
        with pytest.raises(NotReady, match="shell has ended"):
            shell.ask("kill -9 $$", 100)


def test_nothing_that_answers(line: OpenLine) -> None:
    with line("sleep", "100", modes="sane -echo") as spawn:
        state = probe_peer(spawn, patience=1)
        assert state is PeerState.SILENT
        with pytest.raises(NotReady, match="nothing answers"):
            Shell.enter(spawn, state)


def test_a_login_and_a_wrong_password(line: OpenLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Login prompts of a getty, without its password file."""
    login = (
        "while printf 'Welcome\\nduo login: '; read -r user; do"
        " [ -n \"$user\" ] || continue; stty -echo; printf 'Password: '; read -r key; stty echo;"
        ' [ "$key" = milkv ] && exec sh -i; echo; echo Login incorrect; done'
    )
    with line("sh", "-c", login) as spawn:
        assert probe_peer(spawn) is PeerState.LOGIN
        monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
        with pytest.raises(
            NotReady, match=f"password of root; put the right one into {PASSWORD_VARIABLE}"
        ):
            Shell.enter(spawn, PeerState.LOGIN)
        monkeypatch.delenv(PASSWORD_VARIABLE)
        assert Shell.enter(spawn, probe_peer(spawn)).run("echo in") == "in"


def test_the_agent_is_found() -> None:
    sim = SimulatedDuo()
    transport, _ = sim.open()
    try:
        assert probe_peer(TransportSpawn(transport), patience=20) is PeerState.AGENT
    finally:
        transport.close()
        sim.close()


def test_a_line_that_is_cut_is_a_lost_link(line: OpenLine) -> None:
    with line("sh", "-c", "read -r word") as spawn, pytest.raises(LinkBroken):
        probe_peer(spawn)


@pytest.mark.parametrize("error", [NotReady("it failed"), KeyboardInterrupt()], ids=repr)
def test_a_shell_is_given_back_after_an_error(line: OpenLine, error: BaseException) -> None:
    """Whoever opens the port then sees what is typed."""
    with line() as spawn:
        with suppress(NotReady, KeyboardInterrupt), Shell.enter(spawn, probe_peer(spawn)) as shell:
            assert shell.run("echo quiet") == "quiet"
            raise error
        for _ in range(20):  # stty discards what is typed before its end
            spawn.write_bytes(b"echo by hand\r")
            if spawn.wait_for(rb"echo by hand\r\n", seconds=1) == 0:
                return
        pytest.fail("the echo is still off")
