"""A probe of the other end of a line, harmless whatever is there.

One message is said that each of them understands in its own way. The agent hears a frame, a
shell or a login an emptied line and Enter, a program that runs in the foreground an Enter. Half a
push, whose host was killed, ends by two. What was half typed is emptied, not run. A shell whose
agent was killed has a raw tty, where Enter is another byte.
"""

import re
from enum import Enum

from duotui.base.board_profile import DUO_64M
from duotui.board.pexpect_transport import TransportSpawn
from duotui.protocol.frames import Frame, FrameDecoder, encode
from duotui.protocol.message import Message
from duotui.protocol.messages import AskHello, Hello


class PeerState(Enum):
    AGENT = "the storyteller runs"
    SHELL = "a shell, logged in"
    LOGIN = "a login prompt"
    PASSWORD = "a password prompt"
    BOOTING = "the board is starting"
    BOOTLOADER = "the boot loader's prompt"
    PROGRAM = "another program is in the foreground"
    SILENT = "nothing answers"


INTERRUPT = b"\x03"  # ^C
EMPTY_LINE = b"\x15"  # ^U, by a tty and by a line editor
RAW_ENTER = b"\n"
_CURSOR = rb"(?:\x1b\[6n)?"  # BusyBox asks where the cursor is, after each prompt
_BEFORE = rb"(?:^|[\r\n]|\x1b\[J|[#$>] )"  # a prompt may follow a prompt
SHELL_PROMPT = _BEFORE + rb"(?:\[[\w-]+@[^\]\r\n]*\][^\r\n#$]*|[^\r\n#$ ]*)[#$] " + _CURSOR + rb"$"
LOGIN_PROMPT = rb"login: ?$"
PASSWORD_PROMPT = rb"[Pp]assword: ?$"
KERNEL_MESSAGE = rb"(?:^|[\r\n])\[ *\d+\.\d{6}\] "
BOOTLOADER_PROMPT = _BEFORE + DUO_64M.bootloader_prompt + rb"$"
CONTINUATION_PROMPT = rb"(?:^|[\r\n]|[#>] )> (?:\x1b\[6n)?$"
"""A shell waits for the end of something: a quote came to it by a flipped bit, or in a frame for an
agent that was no more."""

COMMAND_ENDINGS = (INTERRUPT + EMPTY_LINE + b"\r", b"'\n", b'"\n')
"""Endings of it: where the terminal is raw, the quote itself."""

FRAME_PATTERN = rb"\0[^\0]{8,}\0"


def terminal_safe_frame(message: Message) -> bytes:
    """Its frame, numbered so that a terminal finds no control character of its own in it that
    does anything (^C, ^D, ^S, Tab...)."""
    for seq in range(1 << 16):
        said = encode(Frame(message.type, seq, message.payload()))
        if all(byte >= 0x20 or byte in (0, 1, 2, 6, 7, 8) for byte in said) and 0x7F not in said:
            return said
    raise AssertionError("no number will do")


def probe() -> bytes:
    """HELLO?, which leaves nothing in a line that a shell or a login hears."""
    return terminal_safe_frame(AskHello()) + EMPTY_LINE


def probe_peer(spawn: TransportSpawn, patience: float = 2.0, boot: float = 60.0) -> PeerState:
    """Greet, and see who answers in `patience` seconds; a board that starts is waited for."""
    starting = re.search(DUO_64M.boot_messages, spawn.drain()) is not None
    kernel = False
    waited = 0.0
    spawn.write_bytes(probe() + b"\r\r")
    echoed = len(spawn.heard)
    raw = False
    endings, unfinished = iter(COMMAND_ENDINGS), False
    while True:
        order = (
            FRAME_PATTERN,
            LOGIN_PROMPT,
            PASSWORD_PROMPT,
            BOOTLOADER_PROMPT,
            SHELL_PROMPT,
            DUO_64M.boot_messages,
            KERNEL_MESSAGE,
            CONTINUATION_PROMPT,
        )
        match spawn.wait_for(*order, seconds=patience):
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
                kernel = True  # a running system says something, too
            case got if (unfinished or got == 7) and (ending := next(endings, b"")):
                unfinished = True
                spawn.write_bytes(ending)
            case _ if starting and waited < boot:
                waited += patience
                if kernel:  # which may have written behind a prompt; a boot loader is left alone
                    spawn.write_bytes(b"\r")
            case _ if starting:
                return PeerState.BOOTING
            case _ if len(spawn.heard) == echoed and not raw:
                spawn.write_bytes(RAW_ENTER)
                raw = True
            case _:
                return PeerState.PROGRAM if len(spawn.heard) > echoed else PeerState.SILENT


def is_message(kind: type[Message], frame: bytes) -> bool:
    return any(
        isinstance(item, Frame) and item.type == kind.type for item in FrameDecoder().feed(frame)
    )
