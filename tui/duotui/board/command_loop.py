"""The loop that runs duotui's commands on a board, below the shell that is found there.

That shell may be any: its editor of lines changes the terminal between two lines, its aliases
change commands, and its prompt is its owner's. So one line starts a second shell, `sh`, which only
reads lines and runs them. It has no editor and no aliases, the terminal keeps one mode, and
afterwards the first shell is as it was.
"""

LOOP_PROMPT = "duotui# "
"""Prompt for a person who finds the loop of a killed host: `exit` leads to his own shell."""

_LEFT = 77
"""Status of a loop that was left. A loop that runs it as a command, because its host was killed,
ends with it."""

_SCRIPT = f"""
read -r level rest </proc/sys/kernel/printk;
export DUOTUI_LEVEL="${{DUOTUI_LEVEL:-${{level:-7}}}}";
stty sane -echo -ixon susp undef quit undef eof undef;
dmesg -n 1 2>/dev/null;
leave_duotui() {{ exit {_LEFT}; }};
trap "stty sane; dmesg -n $DUOTUI_LEVEL 2>/dev/null" EXIT;
trap exit HUP TERM;
trap stopped=1 INT;
printf "<%s>" NUMBER;
while printf "{LOOP_PROMPT}"; stopped=; IFS= read -r c || [ "$stopped" ]; do
[ "$stopped" ] || command eval "$c"; [ $? = {_LEFT} ] && exit {_LEFT};
done
"""
"""Script of the loop. It turns off echo, signal characters and kernel messages: a flipped bit makes
^S of a 3, ^Z of a colon, ^D of a dollar. It has no single quote and no `!`, for every shell to take
it as one word."""

LEAVE_COMMAND = "command -v leave_duotui >/dev/null && leave_duotui"
"""Line that ends the loop, and does nothing in another shell."""


def enter_line(number: int) -> str:
    """Return the line that starts the loop, which then prints `<number>`. Shells keep a line that
    begins with a blank out of their history."""
    script = " ".join(_SCRIPT.split()).replace("NUMBER", str(number))
    return f" sh -c '{script}'"
