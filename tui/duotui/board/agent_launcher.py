"""The storyteller on a board: where it lies, and how a line is handed over to it."""

from duotui.base.errors import NotReady
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import (
    FRAME_PATTERN,
    PeerState,
    is_message,
    probe,
    probe_peer,
    terminal_safe_frame,
)
from duotui.board.shell import Shell
from duotui.link.port_thread import Transport
from duotui.protocol.frames import Frame, encode
from duotui.protocol.messages import Bye, Gone, Hello

BOARD_FOLDER = "/mnt/data/duotui"
"""Its folder on a board: duollama, and the packed model that it tells from."""

ENGINE_NAME, MODEL_NAME, TTS_SCRIPT, MICROPHONE_SCRIPT = "duollama", "story.duo", "voice", "ear"
"""TTS_SCRIPT says sentences aloud, by TTS_PROGRAM; MICROPHONE_SCRIPT records (firmware/overlay)."""

TTS_PROGRAM = "duospeak"
AGENT_LOG = "/tmp/duollama.log"
BYE_ATTEMPTS = 5
_END_OTHERS = (
    f"for p in $(pidof {ENGINE_NAME}); do"
    ' [ "$(readlink /proc/$p/fd/0)" = "$(tty)" ] && kill -9 $p; done'
)
"""One of this line that was stopped would keep its memory; those of other lines have a host."""

START_TIMEOUT = 60
"""A model is read from the card once before the first frame: a second or two for 40 MB."""


def start_agent(transport: Transport) -> None:
    """Whatever is at the other end: afterwards the agent is. Logs in and starts it if need be.

    Raises NotReady with what is in the way, LinkBroken where the port is lost."""
    spawn = TransportSpawn(transport)
    state = probe_peer(spawn)
    if state is PeerState.AGENT:
        return
    shell = open_shell(spawn, state)
    _check_installed(shell)
    shell.ask(_END_OTHERS)
    # whatever it ends of, the host hears it at once
    gone = "".join(f"\\{byte:03o}" for byte in terminal_safe_frame(Gone()))
    # what was set up before there was an ear does not know the word
    ear = f"$([ -e {MICROPHONE_SCRIPT} ] && echo --ear ./{MICROPHONE_SCRIPT})"
    serve = f"./{ENGINE_NAME} serve {MODEL_NAME} --voice ./{TTS_SCRIPT} {ear}"
    spawn.write_bytes(f"cd {BOARD_FOLDER} && {serve} 2>{AGENT_LOG}; printf '{gone}'\r".encode())
    for _ in range(START_TIMEOUT):
        while spawn.wait_for(FRAME_PATTERN, seconds=1) == 0:
            if is_message(Hello, spawn.matched):
                return
            if is_message(Gone, spawn.matched):
                said = shell.ask(f"cat {AGENT_LOG}").last_line
                raise NotReady("the storyteller does not start", said.removeprefix("duollama: "))
        # it says hello once; that may have been spoiled
        spawn.write_bytes(probe())
    raise NotReady("the storyteller does not answer", "turn the board off and on")


def open_shell(spawn: TransportSpawn, state: PeerState) -> Shell:
    """Whatever was found at the other end: afterwards a shell is. An agent is told to leave; a boot
    loader that a byte stopped is told to go on.

    Raises NotReady, LinkBroken."""
    if state is PeerState.BOOTLOADER:
        spawn.write_bytes(b"boot\r")
        state = probe_peer(spawn)
    for _ in range(BYE_ATTEMPTS):
        if state is not PeerState.AGENT:
            break
        spawn.write_bytes(encode(Frame(Bye.type, 0, Bye().payload())))
        state = probe_peer(spawn)
    return Shell.enter(spawn, state)


def _check_installed(shell: Shell) -> None:
    for name in (ENGINE_NAME, MODEL_NAME):
        if shell.ask(f"test -f {BOARD_FOLDER}/{name}").status:
            raise NotReady(f"the board has no {BOARD_FOLDER}/{name}", "duotui setup puts it there")
