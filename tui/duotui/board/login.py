"""A login on a line, and the reasons for which there is none."""

import re

from duotui.base.errors import DuotuiError, NotReady
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import bounded_line
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import (
    LOGIN_PROMPT,
    PASSWORD_PROMPT,
    QUESTION,
    SHELL_PROMPT,
    PeerState,
    answers,
)
from duotui.link.credentials import password_refused

LOGIN_ATTEMPTS = 4
SHOWN_CHARACTERS = 60
"""Characters of a line that an error shows, at most."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")


def log_in(spawn: TransportSpawn, user: str, key: str) -> None:
    """Log in. Raises NotReady after two refused passwords or LOGIN_ATTEMPTS. A getty discards input
    while it writes its prompt."""
    refused = 0
    for _attempt in range(LOGIN_ATTEMPTS):
        spawn.drain()
        spawn.write_bytes(user.encode() + b"\r")
        prompt = spawn.wait_for(PASSWORD_PROMPT, SHELL_PROMPT, seconds=10)
        if prompt == 1 and answers(spawn):
            return
        if prompt == 0:
            spawn.drain()
            spawn.write_bytes(key.encode() + b"\r")
            # a prompt that nobody knows is found in the silence after it
            answer = spawn.wait_for(SHELL_PROMPT, rb"incorrect", LOGIN_PROMPT, seconds=5)
            if answer <= 0 and answers(spawn):
                return
            refused += answer >= 1
            if refused == 2:
                break
            if answer == 2:
                continue
        spawn.wait_for(LOGIN_PROMPT, seconds=15)
    if refused:
        raise password_refused(user)
    raise NotReady(
        _("the board does not let in{seen}", seen=shown_line(spawn)), _("turn it off and on")
    )


def no_shell_error(state: PeerState, spawn: TransportSpawn) -> DuotuiError:
    """Return the error that explains to a user why there is no shell."""
    match state:
        case PeerState.AGENT:
            return NotReady(
                _("the storyteller has the line"), _("it must be told to leave it first")
            )
        case PeerState.BOOTING:
            return NotReady(
                _("the board did not finish to start{seen}", seen=shown_line(spawn)),
                _("turn it off and on"),
            )
        case PeerState.NO_CARD:
            return NotReady(
                _("the board's boot ROM finds nothing to boot from"),
                _("seat its card, or flash an image to it, then turn the board on"),
            )
        case PeerState.BOOTLOADER:
            return NotReady(
                _("the board stopped in its boot loader"), _("type boot there, or reset it")
            )
        case PeerState.PROGRAM:
            return NotReady(
                _("another program has the board's line{seen}", seen=shown_line(spawn)),
                _("end it there (Ctrl+C), then try again"),
            )
    return NotReady(
        _("the port opened, but nothing answers"),
        _(
            "look at the board's power, then its card, then whether TX and RX are "
            "the right way round"
        ),
    )


def shown_line(spawn: TransportSpawn) -> str:
    """The last line that the board has shown, as a part of a sentence; "" if there is none."""
    text = _ESCAPES.sub("", spawn.tail.decode("utf-8", "replace"))
    lines = [bounded_line(line, SHOWN_CHARACTERS).strip() for line in re.split(r"[\r\n]+", text)]
    not_shown = (QUESTION.decode().strip(), "\N{REPLACEMENT CHARACTER}")
    shown = [
        line
        for line in lines
        if any(map(str.isalnum, line)) and not any(part in line for part in not_shown)
    ]
    return _(', which shows "{shown}"', shown=shown[-1]) if shown else ""
