"""A shell at the end of a line that answers what a test wants, in the form that is expected."""

import hashlib
import re
from collections.abc import Callable

from duotui.board.command_loop import LEAVE_COMMAND
from duotui.board.pexpect_transport import TransportSpawn

Answer = Callable[[str], tuple[object, str]]
"""Returns the status and the text of a command. It may raise what interrupts a user's program."""

PROMPT = b"\r\n[root@milkv-duo]~# "
PROBED = (
    "image milkv\nkernel Linux 5.10.4\nmachine riscv64\nMemTotal 56640 kB\nMemAvailable 50000 kB\n"
    "slowed 0\ntemperature 45000\nroom /dev/root 500000 1000 400000 1% /"
)


def honest(command: str) -> tuple[object, str]:
    """Answers of a Duo on which nothing is installed yet."""
    if command.startswith("printf 'image"):
        return 0, PROBED
    if command.startswith("df"):
        return 0, "/dev/root 500000 1000 400000 1% /"
    if command.startswith("wc -c"):
        return 0, "1000"
    if command.startswith("sha256sum"):
        return 0, "0" * 64 + "  x"
    if "--version" in command:
        return 0, "duollama 0.1.0"
    return (1, "") if command.startswith(("ls /dev", "command -v", "test ")) else (0, "")


class LyingShell:
    """Transport to a shell whose commands are answered by `answer` (board/shell.py)."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._out = bytearray()
        self._line = b""
        self._answers: dict[int, tuple[object, str]] = {}
        self._asked: int | None = None
        self.written = bytearray()

    @property
    def spawn(self) -> TransportSpawn:
        return TransportSpawn(self)

    @property
    def given_back(self) -> bool:
        """True if the last command was to leave the loop."""
        return bytes(self.written).endswith(LEAVE_COMMAND.encode() + b"\r")

    def read(self, wait: bool = True) -> bytes:
        out, self._out = bytes(self._out), bytearray()
        return out

    def write(self, data: bytes) -> None:
        self.written += data
        if b"\x03" in data:
            self._out += PROMPT
        *lines, self._line = re.split(rb"[\r\n]", self._line + data)
        for line in lines:
            self._run(line.rsplit(b"\x15", 1)[-1].lstrip(b"\0\x03").decode("latin-1"))

    def wake(self) -> None: ...

    def close(self) -> None: ...

    def _run(self, line: str) -> None:
        if self._asked is not None:
            number, self._asked = self._asked, None
            self._answers[number] = self._answer(line)
        elif asked := re.search(r"\br(\d+)=\$\(", line):
            self._asked = int(asked[1])
        elif printed := re.match(r'printf "<%s<\\n" (\d+);', line):
            self._print(int(printed[1]))
        elif entered := re.search(r'printf "<%s>" (\d+)', line):
            self._out += f"<{entered[1]}>".encode() + PROMPT
        elif asked := re.search(r"expr (\d+) \+ (\d+)", line):
            self._out += b"%d" % (int(asked[1]) + int(asked[2])) + PROMPT
        else:
            self._out += PROMPT

    def _print(self, number: int) -> None:
        status, text = self._answers.get(number, (0, ""))
        said = f"{text}\n{status}".encode("utf-8", "surrogateescape")
        digest = hashlib.md5(said + b"\n").hexdigest()
        shown = said.replace(b"\n", b"\r\n")
        self._out += f"<{number}<\r\n".encode() + shown + f"\r\n>{number}>{digest}  -".encode()
        self._out += PROMPT
