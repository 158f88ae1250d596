"""A shell at the other end of a line, whichever it is: commands with checked output.

The kernel may write in the middle of an output, and bits may flip. So a command is sent with its
MD5 and runs only if that matches. Its output comes with an MD5, and is requested again if that
differs. The command runs once.
"""

import contextlib
import hashlib
import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from duotui.base.board_profile import DUO_64M
from duotui.base.child_process import last_line
from duotui.base.errors import DuotuiError, NotReady
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import printable
from duotui.board.answers import quoted
from duotui.board.command_loop import LEAVE_COMMAND, LOOP_PROMPT, enter_line
from duotui.board.login import log_in, no_shell_error
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import EMPTY_LINE, INTERRUPT, LOGIN_PROMPT, PeerState
from duotui.link.credentials import board_password

ENTER_ATTEMPTS, ENTER_SECONDS = 4, 3.0
"""Attempts to start the loop, and seconds for each."""
COMMAND_ATTEMPTS = 10
RETRY_INTERVAL, RETRY_INTERVAL_LONG = 1.0, 8.0
"""Seconds until an output is requested again, at first and at most. Requests made while a command
runs wait in the tty, which holds 4095 bytes."""

LOGINS_SEEN = 2
"""Login prompts after which the shell has ended: a single one may be a stray line."""

_STATUS = re.compile(r"[0-9]{1,3}")

WRITE_BYTES = 1024
"""Bytes per write: a full tty takes no more for a while."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    status: int
    text: str

    @property
    def last_line(self) -> str:
        """The line in which a program reports its error."""
        return quoted(last_line(self.text, _("it said nothing")))


class ShellLost(NotReady):
    """A shell that has gone, as it does when its board is reset. Another login finds it again."""


class Shell:
    """Shell that runs commands by `ask`. Raises NotReady if it stops answering, or ends."""

    def __init__(self, spawn: TransportSpawn, first: int) -> None:
        """`first` numbers its commands; the login must not have used that number before."""
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
        """Return a shell without echo, from a prompt of any kind. Raises NotReady with the reason
        if there is no way to one."""
        if state is PeerState.PASSWORD:
            # the user is unknown: an empty password brings back the login prompt
            spawn.write_bytes(b"\r")
            state = (
                PeerState.LOGIN
                if spawn.wait_for(LOGIN_PROMPT, seconds=10) == 0
                else PeerState.SILENT
            )
        if state is PeerState.LOGIN:
            log_in(spawn, user, key or board_password())
            state = PeerState.SHELL
        if state is not PeerState.SHELL:
            raise no_shell_error(state, spawn)
        shell = cls(spawn, 1000 * int(1 + 1e6 * chance()))
        try:
            shell._start_loop()
        except BaseException:
            shell.give_back(failed=True)
            raise
        return shell

    def ask(self, command: str, seconds: float = 10.0) -> CommandResult:
        """Run a command line. Its text is both outputs, without the last newline."""
        return self.feed(command, b"", seconds)

    def feed(self, command: str, lines: bytes, seconds: float = 10.0) -> CommandResult:
        """Run a command line that reads `lines` from the terminal; otherwise like `ask`."""
        number = next(self._numbers)
        whole = to_send = _guarded(command, number) + (lines + b"\r" if lines else b"")
        for _attempt in range(COMMAND_ATTEMPTS):
            for at in range(0, len(to_send), WRITE_BYTES):
                self._spawn.write_bytes(to_send[at : at + WRITE_BYTES])
            output = self._wait_for_output(number, seconds)
            if output is None:
                # a mark was corrupted, or the command hangs
                to_send = INTERRUPT + EMPTY_LINE + b"\r"
                continue
            text, _, status = output.rpartition("\n")
            if not _STATUS.fullmatch(status):
                # the command was corrupted on the way, and did not run
                to_send = whole
            else:
                self._spawn.write_bytes(f"unset r{number}\r".encode())
                return CommandResult(int(status), text.removesuffix("\n"))
        raise ShellLost(_("the board's shell does not answer"), _("turn the board off and on"))

    def run(self, command: str, seconds: float = 10.0) -> str:
        """Return the output of a command line that must succeed. Raises NotReady with its last
        line."""
        answer = self.ask(command, seconds)
        if answer.status:
            raise NotReady(
                _("the board cannot {command}", command=command.split(maxsplit=1)[0]),
                answer.last_line,
            )
        return answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.give_back(failed=kind is not None)

    def give_back(self, *, failed: bool) -> None:
        """Leave the shell, also after an error or an interrupt, and whatever its line does now."""
        with contextlib.suppress(DuotuiError):
            try:
                if failed:
                    # a shell that handles SIGINT discards what it has read, or the next line
                    self._spawn.drain()
                    self._spawn.write_bytes(INTERRUPT + b"\r")
                    self._spawn.wait_for(LOOP_PROMPT.encode(), seconds=RETRY_INTERVAL)
            finally:
                self.leave()

    def leave(self) -> None:
        """End the loop, which restores echo, terminal and the kernel's messages."""
        self._spawn.write_bytes(EMPTY_LINE + LEAVE_COMMAND.encode() + b"\r")

    def _start_loop(self) -> None:
        """Start the loop, and wait for it: a shell with an editor of lines would get what follows
        in another mode of its terminal."""
        for number in itertools.islice(self._numbers, ENTER_ATTEMPTS):
            self._spawn.drain()
            self._spawn.write_bytes(EMPTY_LINE + enter_line(number).encode() + b"\r")
            # stty discards input that comes before its end
            if self._spawn.wait_for(b"<%d>" % number, seconds=ENTER_SECONDS) == 0:
                break
        self.run("true")

    def _wait_for_output(self, number: int, seconds: float) -> str | None:
        """Wait for the end of a command and return its output; None if it does not arrive in
        time."""
        mark = rb"<%d<\r?\n(.*?)\r?\n>%d>([0-9a-f]{32})" % (number, number)
        waited, pause, logins = 0.0, RETRY_INTERVAL, 0
        while waited < seconds:
            self._spawn.write_bytes(_print_command(number))  # the shell reads it after the command
            match self._spawn.wait_for(mark, LOGIN_PROMPT, DUO_64M.boot_messages, seconds=pause):
                case 0:
                    text = self._checked_output(mark)
                    if text is not None:
                        return text
                case 1:
                    logins += 1
                    if logins == LOGINS_SEEN:
                        raise ShellLost(
                            _("the board's shell has ended"), _("try again: it goes on")
                        )
                case 2:
                    raise ShellLost(_("the board has started anew"), _("try again: it goes on"))
            waited, pause = waited + pause, min(2 * pause, RETRY_INTERVAL_LONG)
        return None

    def _checked_output(self, mark: bytes) -> str | None:
        """Return the output between the marks that matched; None if its MD5 differs."""
        match = re.search(mark, self._spawn.matched, re.DOTALL)
        if match is None:
            return None
        text = match[1].replace(b"\r\n", b"\n")
        if hashlib.md5(text + b"\n").hexdigest().encode() != match[2]:
            return None
        return printable(text.decode("utf-8", "replace"))


def _guarded(command: str, number: int) -> bytes:
    """Return the input that runs `command` if its MD5 matches, with its output and status in
    r<number>. It uses printf, because dash's echo interprets backslashes."""
    digest = hashlib.md5(command.encode() + b"\n").hexdigest()
    return (
        f'read -r c; [ "$(printf "%s\\n" "$c" | md5sum | cut -c 1-32)" = {digest} ] &&'
        f" r{number}=$( {{ eval \"$c\"; }} 2>&1; printf '\\n%s' $? )\r{command}\r"
    ).encode()


def _print_command(number: int) -> bytes:
    text = f'printf "%s\\n" "$r{number}"'
    return f'printf "<%s<\\n" {number}; {text}; printf ">%s>" {number}; {text} | md5sum\r'.encode()
