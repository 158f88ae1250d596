"""The storyteller on a board: where it lies, and how a line is handed over to it."""

from duotui.board.shell import Shell
from duotui.board.spawn import Spawn
from duotui.board.state import FRAME, State, find_state, is_hello
from duotui.errors import NotReady
from duotui.link.frames import Frame, encode
from duotui.link.messages import Bye
from duotui.link.reader import Transport

HOME = "/mnt/data/duotui"
"""Its folder on a board: duollama, and the packed model that it tells from."""

PROGRAM, MODEL = "duollama", "story.duo"
LOG = "/tmp/duollama.log"
GOODBYES = 5
ENDED = "<the storyteller has ended>"
START_SECONDS = 60
"""A model is read from the card once before the first frame: a second or two for 40 MB."""


def reach(transport: Transport) -> None:
    """Whatever is at the other end: afterwards the agent is. Logs in and starts it if need be.

    Raises NotReady with what is in the way, LinkBroken where the port is lost."""
    spawn = Spawn(transport)
    state = find_state(spawn)
    if state is State.AGENT:
        return
    shell = Shell.enter(spawn, state)
    _must_be_there(shell)
    spawn.say(f"cd {HOME} && ./{PROGRAM} serve {MODEL} 2>{LOG}; echo '{ENDED}'\r".encode())
    while True:
        match spawn.wait_for(FRAME, ENDED.encode(), seconds=START_SECONDS):
            case 0 if is_hello(spawn.matched):
                return
            case 0:
                continue
            case 1:
                said = (shell.ask(f"cat {LOG}").text.splitlines() or ["it said nothing"])[-1]
                raise NotReady("the storyteller does not start", said.removeprefix("duollama: "))
        raise NotReady("the storyteller does not answer", "turn the board off and on")


def to_shell(spawn: Spawn, state: State) -> Shell:
    """Whatever was found at the other end: afterwards a shell is. An agent is told to leave.

    Raises NotReady, LinkBroken."""
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
