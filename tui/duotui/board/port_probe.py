"""A probe of the other end of a line, harmless for every possible peer.

Each peer handles the same bytes in its own way. The agent decodes HELLO?. A shell or a login
receives ^U and Enter: half-typed text is deleted, not run. A foreground program receives Enter. Two
Enters end an upload block whose host was killed. A shell whose agent was killed has a raw tty,
where Enter is another byte.

A shell is known by a sum that it computes, not by the look of its prompt, which its owner chooses.
"""

import re
from enum import Enum

from duotui.base.board_profile import DUO_64M
from duotui.base.translation import untranslated as N_
from duotui.board.pexpect_transport import TransportSpawn
from duotui.protocol.frames import Frame, FrameDecoder, encode
from duotui.protocol.message_base import Message
from duotui.protocol.messages import AskHello, Hello


class PeerState(Enum):
    AGENT = N_("the storyteller runs")
    SHELL = N_("a shell, logged in")
    LOGIN = N_("a login prompt")
    PASSWORD = N_("a password prompt")
    BOOTING = N_("the board is starting")
    BOOTLOADER = N_("the boot loader's prompt")
    NO_CARD = N_("its boot ROM finds nothing to boot from")
    PROGRAM = N_("another program is in the foreground")
    SILENT = N_("nothing answers")


INTERRUPT = b"\x03"  # ^C
EMPTY_LINE = b"\x15"  # ^U, for a tty and for a line editor
RAW_ENTER = b"\n"
_CURSOR = rb"(?:\x1b\[6n)?"  # BusyBox requests the cursor position after each prompt
_BEFORE = rb"(?:^|[\r\n]|\x1b\[J|[#$>] )"  # a prompt may follow a prompt
SHELL_PROMPT = _BEFORE + rb"(?:\[[\w-]+@[^\]\r\n]*\][^\r\n#$]*|[^\r\n#$ ]*)[#$] " + _CURSOR + rb"$"
"""The usual prompts. Behind one of them a shell is asked at once, else only in a silence."""
LOGIN_PROMPT = rb"login: ?$"
PASSWORD_PROMPT = rb"[Pp]assword: ?$"
KERNEL_MESSAGE = rb"(?:^|[\r\n])\[ *\d+\.\d{6}\] "
BOOTLOADER_PROMPT = _BEFORE + DUO_64M.bootloader_prompt + rb"$"
CONTINUATION_PROMPT = re.compile(rb"(?:^|[\r\n]|[#>] |quote)> ?(?:\x1b\[6n)?$")
"""Prompt of a shell that waits for a closing quote, from a flipped bit or from a frame for an agent
that had ended."""

COMMAND_ENDINGS = (INTERRUPT + EMPTY_LINE + b"\r", b"'\n", b'"\n')
"""Inputs that end a continuation prompt: an interrupt, or on a raw terminal the quote itself."""

_TERMS = (18_532_017, 27_183_094)
QUESTION = b" : ; expr %d + %d" % _TERMS
"""Line that only a shell answers, and every shell. It has no quote, since an open one may precede
it. The blank keeps it out of a history, and an editor takes the colon for an unknown command."""

QUESTIONS = 3
"""Questions to something with a prompt: noise may fall into an answer."""

ANSWER = rb"(?<!\d)%d(?!\d)" % sum(_TERMS)

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
    enter, asked = b"\r", 0
    endings = iter(COMMAND_ENDINGS)

    def ask() -> None:
        nonlocal asked
        asked += 1
        spawn.write_bytes(QUESTION + enter)

    while True:
        patterns = (
            FRAME_PATTERN,
            LOGIN_PROMPT,
            PASSWORD_PROMPT,
            BOOTLOADER_PROMPT,
            ANSWER,
            DUO_64M.boot_messages,
            KERNEL_MESSAGE,
            DUO_64M.boot_failure,
            *(() if asked else (SHELL_PROMPT,)),
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
            case 4 if enter == RAW_ENTER:
                spawn.write_bytes(b"stty sane" + RAW_ENTER)
                enter, asked = b"\r", 0  # the next question would come before the end of stty
            case 4:
                return PeerState.SHELL
            case 5:
                starting = True
            case 6:
                kernel = True  # a running system prints kernel messages, too
            case 7:
                return PeerState.NO_CARD
            case 8:
                ask()
            case _ if starting and waited < boot:
                waited += patience
                if kernel and has_prompt(spawn.tail):
                    ask()
                elif kernel:  # it may have written after a prompt; a boot loader gets no Enter
                    spawn.write_bytes(b"\r")
            case _ if starting:
                return PeerState.BOOTING
            case _ if not asked:
                ask()
            case _ if CONTINUATION_PROMPT.search(spawn.tail) and (ending := next(endings, b"")):
                spawn.write_bytes(ending)
                enter = ending[-1:]
                ask()
            case _ if spawn.received == echoed and enter != RAW_ENTER:
                enter = RAW_ENTER
                spawn.write_bytes(RAW_ENTER)
                ask()
            case _ if asked < QUESTIONS and has_prompt(spawn.tail):
                ask()
            case _:
                return PeerState.PROGRAM if spawn.received > echoed else PeerState.SILENT


def has_prompt(tail: bytes) -> bool:
    """True if something that is no kernel message waits at the end of a line."""
    line = re.split(rb"[\r\n]", tail)[-1]
    return bool(line.strip()) and not re.match(KERNEL_MESSAGE, line)


def answers(spawn: TransportSpawn, attempts: int = 3, seconds: float = 5.0) -> bool:
    """True if a shell is at the other end, or comes in time."""
    for _ in range(attempts):
        spawn.write_bytes(EMPTY_LINE + QUESTION + b"\r")
        if spawn.wait_for(ANSWER, seconds=seconds) == 0:
            return True
    return False


def is_message(kind: type[Message], frame: bytes) -> bool:
    return any(
        isinstance(item, Frame) and item.type == kind.type for item in FrameDecoder().feed(frame)
    )
