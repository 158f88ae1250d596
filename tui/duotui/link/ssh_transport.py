"""A board's shell over ssh, as a Transport: this computer's ssh in a pseudo-terminal.

ssh keeps its own rules: the user's keys, his ~/.ssh/config and his known hosts. A host key that is
not known, or that has changed, is the user's decision.
"""

import os
import re
import shutil
from typing import Any, Protocol

from duotui.base.board_profile import DUO_64M
from duotui.base.child_process import ChildFailed, child_environment, last_line, run_program
from duotui.base.errors import Cancelled, DuotuiError, LinkBroken, NoDevice, NotReady, UsageError
from duotui.base.oscompat import HAS_PTYS
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import one_line
from duotui.link.credentials import board_password, password_refused

READ_SECONDS = 0.2
READ_BYTES = 1 << 16
CONNECT_SECONDS = 10
LOGIN_SECONDS = 60.0
"""Seconds for each of ssh's questions; a board's processor needs some for the keys."""

LOGGED_IN = b"duotui-is-logged-in"
"""Words that this computer's end of ssh prints after the login, before the board's shell speaks."""

OPTIONS = {
    "ConnectTimeout": str(CONNECT_SECONDS),
    "ControlPath": "none",  # another connection's master would not run LocalCommand
    "EscapeChar": "none",
    "LocalCommand": f"printf {LOGGED_IN.decode()}",
    "NumberOfPasswordPrompts": "2",
    "PermitLocalCommand": "yes",
    "ServerAliveCountMax": "3",
    "ServerAliveInterval": "5",
    "StrictHostKeyChecking": "ask",
}

_UNKNOWN_KEY = rb"continue connecting \(yes/no[^)]*\)\? ?$"
_CHANGED_KEY = rb"(?s)HOST IDENTIFICATION HAS CHANGED.*verification failed[^\n]*\n"
_PASSWORD = rb"[Pp]assword: ?$"
_PASSPHRASE = rb"Enter passphrase for key [^\r\n]*: ?$"
_KNOWN_HOSTS = re.compile(rb"Offending \S+ key in ([^\r\n]+):[0-9]+")
_FINGERPRINT = re.compile(rb"fingerprint is (\S+?)\.?[\r\n]")


class Agree(Protocol):
    """A question to the user. `risky` is True if only he himself may say yes."""

    def __call__(self, question: str, *, risky: bool = False) -> bool: ...


class SshTransport:
    """A shell of `user` at `host`, which is a name, an address or a host of ~/.ssh/config, with
    `:PORT` behind it for another port.

    Raises NotReady, NoDevice, UsageError or Cancelled if there is
    no way in.
    """

    def __init__(
        self,
        host: str,
        agree: Agree,
        user: str = DUO_64M.user,
    ) -> None:
        self.target, self._host, self._user = f"ssh://{user}@{host}", host, user
        self._agree = agree
        self._child = self._start()
        try:
            self._rest = self._log_in()
        except BaseException:
            self.close()
            raise

    def read(self, wait: bool = True) -> bytes:
        import pexpect

        if self._rest:
            data, self._rest = self._rest, b""
            return data
        try:
            return bytes(self._child.read_nonblocking(READ_BYTES, READ_SECONDS if wait else 0))
        except pexpect.TIMEOUT:
            return b""
        except (OSError, ValueError, pexpect.EOF) as error:
            raise LinkBroken(
                _("{target} was lost", target=self.target), _("the connection has ended")
            ) from error

    def write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._child.fileno(), data) :]
        except (OSError, ValueError) as error:
            raise LinkBroken(
                _("{target} takes no bytes", target=self.target), _("the connection has ended")
            ) from error

    def wake(self) -> None:
        """Do nothing: a read ends by itself in READ_SECONDS."""

    def close(self) -> None:
        self._child.close(force=True)

    def _start(self) -> Any:  # noqa: ANN401
        if not HAS_PTYS:
            raise NotReady(_("ssh needs a pseudo-terminal here"), _("duotui setup PORT, or --sd"))
        if not self._host or self._host.startswith("-") or re.search(r"[\s/@]", self._host):
            raise UsageError(
                _("{host!r} is not a host", host=self._host), _("name one, or an address")
            )
        if shutil.which("ssh") is None:
            raise NotReady(_("ssh is not installed"), _("sudo apt install openssh-client"))
        import pexpect

        options = [f"-o{name}={value}" for name, value in OPTIONS.items()]
        own = {"LC_ALL": "C", "TERM": "vt100", "SSH_ASKPASS_REQUIRE": "never"}
        child = pexpect.spawn(
            "ssh",
            ["-tt", *options, self.target],
            env=child_environment(own),
            timeout=LOGIN_SECONDS,
        )
        child.delaybeforesend = None
        return child

    def _log_in(self) -> bytes:
        """Answer ssh's questions; return what the board has said after the login."""
        import pexpect

        patterns = (LOGGED_IN, _UNKNOWN_KEY, _CHANGED_KEY, _PASSPHRASE, _PASSWORD)
        refused = False
        while True:
            match self._child.expect([*patterns, pexpect.EOF, pexpect.TIMEOUT]):
                case 0:
                    return bytes(self._child.buffer)
                case 1:
                    self._check_unknown_key(self._child.before)
                    self._child.send("yes\r")
                case 2:
                    self._forget_changed_key(self._child.after)
                    self.close()
                    self._child, refused = self._start(), False
                case 3:
                    self._child.send("\r")  # the next key, then the password
                case 4 if not refused:
                    self._child.send(f"{board_password()}\r")
                    refused = True
                case 4:
                    raise password_refused(self._user)
                case 5:
                    raise self._explain(self._child.before)
                case _:
                    raise NotReady(
                        _("{host} does not finish its login", host=self._host), _("reset the board")
                    )

    def _check_unknown_key(self, said: bytes) -> None:
        match = _FINGERPRINT.search(said)
        shown = one_line(match[1].decode(errors="replace")) if match else _("not shown")
        if not self._agree(
            _("{host} is not known yet; its key is {shown}. Connect?", host=self._host, shown=shown)
        ):
            raise Cancelled(_("nothing was changed"))

    def _forget_changed_key(self, said: bytes) -> None:
        """Forget the host's known key if the user agrees."""
        name = self._known_name()
        command = f"ssh-keygen -R {name}"
        file = _KNOWN_HOSTS.search(said)
        question = _(
            "{host} shows another key than before, as a card with a new image or "
            "another board does. Forget the old key ({command})?",
            host=self._host,
            command=command,
        )
        if not self._agree(question, risky=True):
            raise NotReady(
                _("{host} shows another key than before", host=self._host),
                _("{command} forgets it", command=command),
            )
        try:
            where = ["-f", os.fsdecode(file[1])] if file else []
            run_program(["ssh-keygen", *where, "-R", name])
        except (OSError, ChildFailed) as error:
            raise NotReady(_("{command} failed", command=command), str(error)) from error

    def _known_name(self) -> str:
        """The host as known_hosts writes it."""
        name, _, port = self._host.partition(":")
        return f"[{name}]:{port}" if port and port != "22" else name

    def _explain(self, said: bytes) -> DuotuiError:
        """The error for an ssh that has ended before the login."""
        reason = one_line(last_line(said, _("ssh has ended")))
        if "Permission denied" in reason and "password" not in reason:
            return NotReady(
                _("{host} takes no password", host=self._host),
                _(
                    "put your key on it: ssh-copy-id {user}@{host}",
                    user=self._user,
                    host=self._host,
                ),
            )
        if "Permission denied" in reason:
            return password_refused(self._user)
        if "refused" in reason:
            return NotReady(_("{host} has no ssh", host=self._host), reason)
        if re.search(r"timed out|No route|unreachable|resolve|not known", reason):
            return NoDevice(_("no board answers at {host}", host=self._host), reason)
        return NotReady(_("{host} lets nobody in", host=self._host), reason)
