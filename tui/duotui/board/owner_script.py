"""The board's script of its owner, /mnt/data/auto.sh: it is kept beside ours, run by it, and put
back.

An image runs that file at the end of its start. Setup puts its own there, which then runs the
owner's from KEPT_SCRIPT. The same is done over a shell and on a mounted card.
"""

from duotui.board.agent_launcher import BOARD_FOLDER
from duotui.board.shell import Shell

AUTO_SCRIPT = "/mnt/data/auto.sh"
KEPT_SCRIPT = f"{BOARD_FOLDER}/owner-auto.sh"
OUR_LINE = f"{BOARD_FOLDER}/start.sh"
"""Words of our own script, by which it is told from the owner's."""

_IS_OURS = f"grep -q {OUR_LINE} {AUTO_SCRIPT}"


def has_owner_script(shell: Shell) -> bool:
    """True if the board has a script of its owner's, which setup would replace."""
    return not shell.ask(f"test -f {AUTO_SCRIPT} && ! {_IS_OURS}").status


def keep_owner_script(shell: Shell) -> None:
    """Keep the owner's script, if there is one, before it is replaced."""
    keep = f"mkdir -p {BOARD_FOLDER} && cp -p {AUTO_SCRIPT} {KEPT_SCRIPT} && sync"
    shell.run(f"if [ -f {AUTO_SCRIPT} ] && ! {_IS_OURS}; then {keep}; fi")


def undo_setup(shell: Shell) -> None:
    """Put the owner's script back, and remove what setup has put on the board."""
    back = f"cp -p {KEPT_SCRIPT} {AUTO_SCRIPT}.part && mv {AUTO_SCRIPT}.part {AUTO_SCRIPT}"
    ours = f"if [ -f {KEPT_SCRIPT} ]; then {back}; else rm -f {AUTO_SCRIPT}; fi"
    shell.run(f"if {_IS_OURS} 2>/dev/null; then {ours}; fi && rm -rf {BOARD_FOLDER} && sync", 60)
