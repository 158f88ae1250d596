"""The storyteller on a board: where it lies, and how a line is handed over to it."""

from duotui.board.shell import Shell
from duotui.board.spawn import Spawn
from duotui.board.state import FRAME, State, find_state, is_hello
from duotui.errors import NotReady
from duotui.link.reader import Transport

HOME = "/mnt/data/duotui"
"""Its folder on a board: duollama, and the packed model that it tells from."""

MODEL = "story.duo"
LOG = "/tmp/duollama.log"
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
    spawn.say(f"cd {HOME} && ./duollama serve {MODEL} 2>{LOG}; echo '{ENDED}'\r".encode())
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


def _must_be_there(shell: Shell) -> None:
    for name in ("duollama", MODEL):
        if shell.ask(f"test -f {HOME}/{name}").status:
            raise NotReady(
                f"the board has no {HOME}/{name}", "docs/board.md says how to put it there"
            )
