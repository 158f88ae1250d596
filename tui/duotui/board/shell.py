"""A BusyBox shell at the other end of a line: logging in, and commands whose answers are checked.

A line is shared: the kernel may write in the middle of an answer, and bytes may flip. So a command
goes with its MD5 and runs only where that fits; what it said comes with its MD5, and is asked for
again where that does not fit. It runs once.
"""

import hashlib
import itertools
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from duotui.base.board_profile import DUO_64M
from duotui.base.child_process import last_line
from duotui.base.errors import DuotuiError, NotReady
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import (
    CONTINUATION_PROMPT,
    EMPTY_LINE,
    INTERRUPT,
    LOGIN_PROMPT,
    PASSWORD_PROMPT,
    SHELL_PROMPT,
    PeerState,
)

PASSWORD_VARIABLE = "DUOTUI_PASSWORD"
"""Names another one: the command line would show it to everybody."""

LOGIN_ATTEMPTS = 4
QUIET_ATTEMPTS = 3
"""Attempts: where none succeeds the shell is another one, and may do all the same."""
COMMAND_ATTEMPTS = 10
RETRY_INTERVAL, RETRY_INTERVAL_LONG = 1.0, 8.0
"""Seconds until an answer is asked for again, at first and in the end: what is asked while a
command runs waits in the tty, which holds 4095 bytes."""

QUIET_COMMAND = "set -o ignoreeof; stty sane -echo -ixon susp undef quit undef && dmesg -n 1"
"""A flipped bit makes ^S of a 3, ^Z of a colon, ^D of a dollar. A killed agent leaves the tty raw,
in which only a line editor knows Enter."""
RESTORE_COMMAND = "dmesg -n 7; stty sane; set +o ignoreeof"

LOGINS_SEEN = 2
"""One alone may be a line that strayed in."""

WRITE_BYTES = 1024
"""Bytes that are written at once: a full tty takes no more for a while."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    status: int
    text: str

    @property
    def last_line(self) -> str:
        """The line in which a program says what is wrong."""
        return last_line(self.text, "it said nothing")


class Shell:
    """Commands run in it by `ask`. Raises NotReady where it stops answering, or ends."""

    def __init__(self, spawn: TransportSpawn, first: int) -> None:
        """`first` numbers its commands: none before it in the same login had that number."""
        self._spawn = spawn
        self._numbers = itertools.count(first)

    @classmethod
    def enter(
        cls,
        spawn: TransportSpawn,
        state: PeerState,
        user: str = DUO_64M.user,
        key: str | None = None,
        chance: Callable[[], float] = random.random,
    ) -> "Shell":
        """Go from a prompt of any kind to a shell that has no echo. Raises NotReady with what is in
        the way, where there is no way."""
        if state is PeerState.PASSWORD:
            # whose password is not known
            spawn.write_bytes(b"\r")
            state = (
                PeerState.LOGIN
                if spawn.wait_for(LOGIN_PROMPT, seconds=10) == 0
                else PeerState.SILENT
            )
        if state is PeerState.LOGIN:
            _log_in(spawn, user, key or os.environ.get(PASSWORD_VARIABLE) or DUO_64M.password)
            state = PeerState.SHELL
        if state is not PeerState.SHELL:
            raise no_shell_error(state)
        shell = cls(spawn, 1000 * int(1 + 1e6 * chance()))
        shell._quieten()
        return shell

    def ask(self, command: str, seconds: float = 10.0) -> CommandResult:
        """Run a command line; what it said on both outputs, without the last newline."""
        return self.feed(command, b"", seconds)

    def feed(self, command: str, lines: bytes, seconds: float = 10.0) -> CommandResult:
        """Run a command line that reads `lines` from the terminal; else like `ask`."""
        number = next(self._numbers)
        whole = to_say = _guarded(command, number) + (lines + b"\r" if lines else b"")
        for _ in range(COMMAND_ATTEMPTS):
            for at in range(0, len(to_say), WRITE_BYTES):
                self._spawn.write_bytes(to_say[at : at + WRITE_BYTES])
            found = self._heard(number, seconds)
            if found is None:
                # a mark was spoiled, or the shell still waits for the end of something
                to_say = INTERRUPT + EMPTY_LINE + b"\r"
                continue
            text, _, status = found.rpartition("\n")
            if not status.isdigit():
                # it was not run, or not as it was said
                to_say = whole
            else:
                self._spawn.write_bytes(f"unset r{number}\r".encode())
                return CommandResult(int(status), text.removesuffix("\n"))
        raise NotReady("the board's shell does not answer", "turn the board off and on")

    def run(self, command: str, seconds: float = 10.0) -> str:
        """Run a command line that must succeed; its output. Raises NotReady with its last line."""
        answer = self.ask(command, seconds)
        if answer.status:
            raise NotReady(f"the board cannot {command.split(maxsplit=1)[0]}", answer.last_line)
        return answer.text

    def leave(self) -> None:
        """Let it be as it was found, for whoever comes next."""
        self._spawn.write_bytes(RESTORE_COMMAND.encode() + b"\r")

    def _quieten(self) -> None:
        """No echo, and no kernel lines but emergencies. The prompt stays: it is how a host that
        comes after one that was killed finds the shell."""
        for number in itertools.islice(self._numbers, QUIET_ATTEMPTS):
            self._spawn.write_bytes(
                EMPTY_LINE + f'{QUIET_COMMAND} && printf "<%s>" {number}\r'.encode()
            )
            # stty drops what comes before its end
            if self._spawn.wait_for(b"<%d>" % number, seconds=RETRY_INTERVAL) == 0:
                break
        self.run("true")

    def _heard(self, number: int, seconds: float) -> str | None:
        """Wait for what a command said, once it has ended; None where that cannot be heard in
        time."""
        mark = rb"<%d<\r?\n(.*?)\r?\n>%d>([0-9a-f]{32})" % (number, number)
        waited, pause, logins = 0.0, RETRY_INTERVAL, 0
        while waited < seconds:
            self._spawn.write_bytes(_tell(number))  # the shell hears it after the command
            match self._spawn.wait_for(
                mark, CONTINUATION_PROMPT, LOGIN_PROMPT, DUO_64M.boot_messages, seconds=pause
            ):
                case 0:
                    text = self._whole(mark)
                    if text is not None:
                        return text
                case 1:
                    return None
                case 2:
                    logins += 1
                    if logins == LOGINS_SEEN:
                        raise NotReady("the board's shell has ended", "try again: it goes on")
                case 3:
                    raise NotReady("the board has started anew", "try again: it goes on")
            waited, pause = waited + pause, min(2 * pause, RETRY_INTERVAL_LONG)
        return None

    def _whole(self, mark: bytes) -> str | None:
        """Read what lies between the marks that matched, if its MD5 fits."""
        found = re.search(mark, self._spawn.matched, re.DOTALL)
        if found is None:
            return None
        text = found[1].replace(b"\r\n", b"\n")
        if hashlib.md5(text + b"\n").hexdigest().encode() != found[2]:
            return None
        return text.decode("utf-8", "replace")


def _guarded(command: str, number: int) -> bytes:
    """Runs it, if it arrives as it was said; r<number> is what it said and its status. By printf:
    dash's echo takes a backslash for its own."""
    digest = hashlib.md5(command.encode() + b"\n").hexdigest()
    return (
        f'read -r c; [ "$(printf "%s\\n" "$c" | md5sum | cut -c 1-32)" = {digest} ] &&'
        f" r{number}=$( {{ eval \"$c\"; }} 2>&1; printf '\\n%s' $? )\r{command}\r"
    ).encode()


def _tell(number: int) -> bytes:
    said = f'printf "%s\\n" "$r{number}"'
    return f'printf "<%s<\\n" {number}; {said}; printf ">%s>" {number}; {said} | md5sum\r'.encode()


def _log_in(spawn: TransportSpawn, user: str, key: str) -> None:
    """Log in; twice refused is refused. A getty forgets what is typed while it writes its
    prompt."""
    refused = 0
    for _ in range(LOGIN_ATTEMPTS):
        spawn.drain()
        spawn.write_bytes(user.encode() + b"\r")
        asked = spawn.wait_for(PASSWORD_PROMPT, SHELL_PROMPT, seconds=10)
        if asked == 1:
            return
        if asked == 0:
            spawn.drain()
            spawn.write_bytes(key.encode() + b"\r")
            answer = spawn.wait_for(SHELL_PROMPT, rb"incorrect", seconds=15)
            if answer == 0:
                return
            refused += answer == 1
            if refused == 2:
                break
        spawn.wait_for(LOGIN_PROMPT, seconds=15)
    if refused:
        raise NotReady(
            f"the board does not take the password of {user}",
            f"put the right one into {PASSWORD_VARIABLE}, or set it to {DUO_64M.password}",
        )
    raise NotReady("the board does not let in", "turn it off and on")


def no_shell_error(state: PeerState) -> DuotuiError:
    """Why there is no shell, to a user."""
    match state:
        case PeerState.AGENT:
            return NotReady("the storyteller has the line", "it must be told to leave it first")
        case PeerState.BOOTING:
            return NotReady("the board did not finish to start", "turn it off and on")
        case PeerState.BOOTLOADER:
            return NotReady("the board stopped in its boot loader", "type boot there, or reset it")
        case PeerState.PROGRAM:
            return NotReady(
                "another program has the board's line", "end it there (Ctrl+C), then try again"
            )
    return NotReady(
        "the port opened, but nothing answers",
        "no login on that line, or the board is off: duotui doctor looks further",
    )
