"""The agent on a board: its folder, its files, and its start by a shell."""

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.board.command_loop import LEAVE_COMMAND
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
"""Folder on a board with duollama and its packed model."""

ENGINE_NAME, MODEL_NAME, TTS_SCRIPT, MICROPHONE_SCRIPT = "duollama", "story.duo", "voice", "ear"
"""File names. TTS_SCRIPT speaks sentences with TTS_PROGRAM; MICROPHONE_SCRIPT records
(firmware/overlay)."""

TTS_PROGRAM = "duospeak"

PCM_FILE, PCM_CAPTURE_FILE = "pcm", "pcm-capture"
"""Files with the name of another ALSA device than the Duo's own, for TTS_SCRIPT and
MICROPHONE_SCRIPT. Their owner writes them."""

AGENT_LOG = "/tmp/duollama.log"
BYE_ATTEMPTS = 5
_END_OTHERS = (
    f"for p in $(pidof {ENGINE_NAME}); do"
    ' [ "$(readlink /proc/$p/fd/0)" = "$(tty)" ] && kill -9 $p; done'
)
"""Command that kills the agents of this line, since a stopped one would keep its memory. Agents of
other lines are in use by a host."""

START_TIMEOUT = 60
"""Seconds until the first frame. The agent first reads the model from the card: 1 to 2 s for 40
MB."""


def start_agent(transport: Transport) -> None:
    """Make the agent answer, in any state of the peer: log in and start it if necessary.

    Raises NotReady with the reason, LinkBroken if the port is lost.
    """
    spawn = TransportSpawn(transport)
    state = probe_peer(spawn)
    if state is PeerState.AGENT:
        return
    shell = open_shell(spawn, state)
    try:
        _start(spawn, shell)
    except BaseException:
        shell.give_back(failed=True)
        raise


def _start(spawn: TransportSpawn, shell: Shell) -> None:
    _check_installed(shell)
    shell.ask(_END_OTHERS)
    # printed when the agent ends for any reason, so that the host notices at once
    gone = "".join(f"\\{byte:03o}" for byte in terminal_safe_frame(Gone()))
    # an older installation has no such script, and an engine without --ear
    microphone = f"$([ -e {MICROPHONE_SCRIPT} ] && echo --ear ./{MICROPHONE_SCRIPT})"
    serve = f"./{ENGINE_NAME} serve {MODEL_NAME} --voice ./{TTS_SCRIPT} {microphone}"
    # as a job: a stopped agent gives the line back
    job = f"set -m; cd {BOARD_FOLDER} && {serve} 2>{AGENT_LOG}; set +m"
    run = f"{job}; printf '{gone}'; {LEAVE_COMMAND}"
    spawn.write_bytes(run.encode() + b"\r")
    for _attempt in range(START_TIMEOUT):
        while spawn.wait_for(FRAME_PATTERN, seconds=1) == 0:
            if is_message(Hello, spawn.matched):
                return
            if is_message(Gone, spawn.matched):
                with open_shell(spawn, probe_peer(spawn)) as again:
                    reason = again.ask(f"cat {AGENT_LOG}").last_line
                raise NotReady(
                    _("the storyteller does not start"), reason.removeprefix("duollama: ")
                )
        # the agent sends HELLO once, and that frame may be corrupted
        spawn.write_bytes(probe())
    raise NotReady(_("the storyteller does not answer"), _("turn the board off and on"))


def open_shell(spawn: TransportSpawn, state: PeerState) -> Shell:
    """Return the peer's shell, from any state. An agent is ended by BYE; a boot loader that a stray
    byte stopped resumes.

    Raises NotReady, LinkBroken.
    """
    if state is PeerState.BOOTLOADER:
        spawn.write_bytes(b"boot\r")
        state = probe_peer(spawn)
    for _attempt in range(BYE_ATTEMPTS):
        if state is not PeerState.AGENT:
            break
        spawn.write_bytes(encode(Frame(Bye.type, 0, Bye().payload())))
        state = probe_peer(spawn)
    return Shell.enter(spawn, state)


def _check_installed(shell: Shell) -> None:
    for name in (ENGINE_NAME, MODEL_NAME):
        if shell.ask(f"test -f {BOARD_FOLDER}/{name}").status:
            raise NotReady(
                _("the board has no {path}", path="/".join((BOARD_FOLDER, name))),
                _("duotui setup puts it there"),
            )
