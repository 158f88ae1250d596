"""The storyteller on a board: where it lies, and how a line is handed over to it."""

from duotui.base.errors import NotReady
from duotui.board.pexpect_transport import Spawn
from duotui.board.port_probe import FRAME, State, find_state, greeting, is_a, through_a_terminal
from duotui.board.shell import Shell
from duotui.link.port_thread import Transport
from duotui.protocol.frames import Frame, encode
from duotui.protocol.messages import Bye, Gone, Hello

HOME = "/mnt/data/duotui"
"""Its folder on a board: duollama, and the packed model that it tells from."""

PROGRAM, MODEL, VOICE, EAR = "duollama", "story.duo", "voice", "ear"
"""VOICE says sentences aloud, by SPEAKER; EAR records (firmware/overlay)."""

SPEAKER = "duospeak"
LOG = "/tmp/duollama.log"
GOODBYES = 5
_END_OTHERS = (
    f"for p in $(pidof {PROGRAM}); do"
    ' [ "$(readlink /proc/$p/fd/0)" = "$(tty)" ] && kill -9 $p; done'
)
"""One of this line that was stopped would keep its memory; those of other lines have a host."""

START_SECONDS = 60
"""A model is read from the card once before the first frame: a second or two for 40 MB."""


def reach(transport: Transport) -> None:
    """Whatever is at the other end: afterwards the agent is. Logs in and starts it if need be.

    Raises NotReady with what is in the way, LinkBroken where the port is lost."""
    spawn = Spawn(transport)
    state = find_state(spawn)
    if state is State.AGENT:
        return
    shell = to_shell(spawn, state)
    _must_be_there(shell)
    shell.ask(_END_OTHERS)
    # whatever it ends of, the host hears it at once
    gone = "".join(f"\\{byte:03o}" for byte in through_a_terminal(Gone()))
    # what was set up before there was an ear does not know the word
    ear = f"$([ -e {EAR} ] && echo --ear ./{EAR})"
    serve = f"./{PROGRAM} serve {MODEL} --voice ./{VOICE} {ear}"
    spawn.say(f"cd {HOME} && {serve} 2>{LOG}; printf '{gone}'\r".encode())
    for _ in range(START_SECONDS):
        while spawn.wait_for(FRAME, seconds=1) == 0:
            if is_a(Hello, spawn.matched):
                return
            if is_a(Gone, spawn.matched):
                said = shell.ask(f"cat {LOG}").last
                raise NotReady("the storyteller does not start", said.removeprefix("duollama: "))
        # it says hello once; that may have been spoiled
        spawn.say(greeting())
    raise NotReady("the storyteller does not answer", "turn the board off and on")


def to_shell(spawn: Spawn, state: State) -> Shell:
    """Whatever was found at the other end: afterwards a shell is. An agent is told to leave; a boot
    loader that a byte stopped is told to go on.

    Raises NotReady, LinkBroken."""
    if state is State.BOOTLOADER:
        spawn.say(b"boot\r")
        state = find_state(spawn)
    for _ in range(GOODBYES):
        if state is not State.AGENT:
            break
        spawn.say(encode(Frame(Bye.type, 0, Bye().payload())))
        state = find_state(spawn)
    return Shell.enter(spawn, state)


def _must_be_there(shell: Shell) -> None:
    for name in (PROGRAM, MODEL):
        if shell.ask(f"test -f {HOME}/{name}").status:
            raise NotReady(f"the board has no {HOME}/{name}", "duotui setup puts it there")
