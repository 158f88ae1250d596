"""A probe of the other end of a line, harmless for every possible peer.

Each peer handles the same bytes in its own way. The agent decodes HELLO?. A shell or a login
receives ^U and Enter: half-typed text is deleted, not run. A foreground program receives Enter. Two
Enters end an upload block whose host was killed. A shell whose agent was killed has a raw tty,
where Enter is another byte.
"""

import re
from enum import Enum

from duotui.base.board_profile import DUO_64M
from duotui.board.pexpect_transport import TransportSpawn
from duotui.protocol.frames import Frame, FrameDecoder, encode
from duotui.protocol.message_base import Message
from duotui.protocol.messages import AskHello, Hello


class PeerState(Enum):
    AGENT = "the storyteller runs"
    SHELL = "a shell, logged in"
    LOGIN = "a login prompt"
    PASSWORD = "a password prompt"
    BOOTING = "the board is starting"
    BOOTLOADER = "the boot loader's prompt"
    NO_CARD = "its boot ROM finds nothing to boot from"
    PROGRAM = "another program is in the foreground"
    SILENT = "nothing answers"


INTERRUPT = b"\x03"  # ^C
EMPTY_LINE = b"\x15"  # ^U, for a tty and for a line editor
RAW_ENTER = b"\n"
_CURSOR = rb"(?:\x1b\[6n)?"  # BusyBox requests the cursor position after each prompt
_BEFORE = rb"(?:^|[\r\n]|\x1b\[J|[#$>] )"  # a prompt may follow a prompt
SHELL_PROMPT = _BEFORE + rb"(?:\[[\w-]+@[^\]\r\n]*\][^\r\n#$]*|[^\r\n#$ ]*)[#$] " + _CURSOR + rb"$"
LOGIN_PROMPT = rb"login: ?$"
PASSWORD_PROMPT = rb"[Pp]assword: ?$"
KERNEL_MESSAGE = rb"(?:^|[\r\n])\[ *\d+\.\d{6}\] "
BOOTLOADER_PROMPT = _BEFORE + DUO_64M.bootloader_prompt + rb"$"
CONTINUATION_PROMPT = rb"(?:^|[\r\n]|[#>] )> (?:\x1b\[6n)?$"
"""Prompt of a shell that waits for a closing quote, from a flipped bit or from a frame for an agent
that had ended."""

COMMAND_ENDINGS = (INTERRUPT + EMPTY_LINE + b"\r", b"'\n", b'"\n')
"""Inputs that end a continuation prompt: an interrupt, or on a raw terminal the quote itself."""

FRAME_PATTERN = rb"\0[^\0]{8,}\0"


def terminal_safe_frame(message: Message) -> bytes:
    """Return the message's frame, with a sequence number that avoids control characters with an
    effect on a terminal (^C, ^D, ^S, Tab...)."""
    for seq in range(1 << 16):
        frame = encode(Frame(message.type, seq, message.payload()))
        if all(byte >= 0x20 or byte in (0, 1, 2, 6, 7, 8) for byte in frame) and 0x7F not in frame:
            return frame
    raise AssertionError("no number will do")


def probe() -> bytes:
    """Return HELLO?, then ^U, which deletes it from the line of a shell or a login."""
    return terminal_safe_frame(AskHello()) + EMPTY_LINE


def probe_peer(spawn: TransportSpawn, patience: float = 2.0, boot: float = 60.0) -> PeerState:
    """Send the probe, and return the state that the peer shows in `patience` seconds. Wait up to
    `boot` seconds for a board that is starting."""
    starting = re.search(DUO_64M.boot_messages, spawn.drain()) is not None
    kernel = False
    waited = 0.0
    spawn.write_bytes(probe() + b"\r\r")
    echoed = spawn.received
    raw = False
    endings, unfinished = iter(COMMAND_ENDINGS), False
    while True:
        patterns = (
            FRAME_PATTERN,
            LOGIN_PROMPT,
            PASSWORD_PROMPT,
            BOOTLOADER_PROMPT,
            SHELL_PROMPT,
            DUO_64M.boot_messages,
            KERNEL_MESSAGE,
            CONTINUATION_PROMPT,
            DUO_64M.boot_failure,
        )
        match spawn.wait_for(*patterns, seconds=patience):
            case 0:
                if is_message(Hello, spawn.matched):
                    return PeerState.AGENT
            case 1:
                return PeerState.LOGIN
            case 2:
                return PeerState.PASSWORD
            case 3:
                return PeerState.BOOTLOADER
            case 4 if raw:
                spawn.write_bytes(b"stty sane" + RAW_ENTER)
                raw = False
            case 4:
                return PeerState.SHELL
            case 5:
                starting = True
            case 6:
                kernel = True  # a running system prints kernel messages, too
            case 8:
                return PeerState.NO_CARD
            case index if (unfinished or index == 7) and (ending := next(endings, b"")):
                unfinished = True
                spawn.write_bytes(ending)
            case _ if starting and waited < boot:
                waited += patience
                if kernel:  # it may have written after a prompt; a boot loader gets no Enter
                    spawn.write_bytes(b"\r")
            case _ if starting:
                return PeerState.BOOTING
            case _ if spawn.received == echoed and not raw:
                spawn.write_bytes(RAW_ENTER)
                raw = True
            case _:
                return PeerState.PROGRAM if spawn.received > echoed else PeerState.SILENT


def is_message(kind: type[Message], frame: bytes) -> bool:
    return any(
        isinstance(item, Frame) and item.type == kind.type for item in FrameDecoder().feed(frame)
    )
