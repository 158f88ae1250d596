"""Upload of a file to the board, through nothing but its shell.

The file is sent as base64 in blocks: base64 that strays into a shell runs nothing. Each block is
acknowledged by its MD5 and written at its own offset, so that a block sent twice does no harm. The
whole is compared by SHA-256, and renamed in one step. An interrupted upload leaves FILE.part, and
the next upload resumes there.
"""

import base64
import hashlib
import shlex
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from duotui.base.clock import Clock
from duotui.base.errors import NotReady
from duotui.base.files import read_bytes, reported
from duotui.base.progress import TransferProgress
from duotui.base.translation import gettext as _
from duotui.board.answers import quoted, sha256_in, whole_number
from duotui.board.shell import Shell

BLOCK_BYTES, LEAST_BLOCK_BYTES = 1 << 15, 1 << 10
"""Bytes of the largest and the smallest block; 32 KiB take some seconds over a UART of 115200 baud.
A block is halved if the line corrupts it."""

UPLOAD_LIMIT_BYTES = 1 << 30
"""Bytes of a file at most: more than a board's memory holds."""

LINE_CHARACTERS = 960
"""Characters per line: a tty holds 4095 until Enter."""

BLOCK_ATTEMPTS = 20
"""Failed attempts in a row after which an upload fails."""
BLOCK_FILE = "/tmp/block$$"
"""File on the board with the block that arrives. Two lines of a board have a shell each."""

END_PATTERN = r"/^\.*$/"
"""Line at which sed stops: a dot, or the empty line of a host's probe."""

_DECODERS = {
    "base64": "base64 -d",
    "uudecode": "{ echo begin-base64 644 -; cat; echo ====; } | uudecode -o -",
    "python3": 'python3 -c "import base64,sys; base64.decode(sys.stdin.buffer,sys.stdout.buffer)"',
}
"""Commands that decode base64 on a board, in order of preference."""


def upload(
    shell: Shell,
    source: Path,
    target: str,
    clock: Clock,
    progress: Callable[[TransferProgress], None] = lambda _: None,
    mode: int = 0o644,
    seconds: float = 30.0,
) -> bool:
    """Upload `source` to `target` on the board; return False if `target` already is that file. A
    block that is not acknowledged in `seconds` is sent again.

    Raises UsageError if `source` cannot be read, NotReady if the board has no room or every attempt
    fails, LinkBroken if the port is lost. Blocks that have arrived stay on the board.
    """
    with reported(source):
        data = read_bytes(source, UPLOAD_LIMIT_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    name, part = shlex.quote(target), shlex.quote(f"{target}.part")
    if _sha256(shell, name) == digest:
        return False
    folder = shlex.quote(str(PurePosixPath(target).parent))
    shell.run(f"mkdir -p {folder}")
    offset = _resume_offset(shell, part, data)
    _check_free_space(shell, folder, len(data) - offset)
    decode = _decoder(shell)
    start = clock.now()
    done, size, failures = offset, BLOCK_BYTES, 0
    while done < len(data):
        block = data[done : done + size]
        if _send(shell, block, at=done, size=size, part=part, decode=decode, seconds=seconds):
            done, failures = done + len(block), 0
            if done % (2 * size) == 0:
                size = min(2 * size, BLOCK_BYTES)
            progress(TransferProgress(done, len(data), done - offset, clock.now() - start))
            continue
        size, failures = max(size // 2, LEAST_BLOCK_BYTES), failures + 1
        if failures == BLOCK_ATTEMPTS:
            raise NotReady(_("the line spoils what is sent"), _("try another cable or port"))
    if not data:
        shell.run(f": >{part}")
    if _sha256(shell, part) != digest:
        shell.run(f"rm -f {part}")
        raise NotReady(
            _("{target} arrived damaged", target=target),
            _("push it again; a card that wears out does this"),
        )
    shell.run(f"rm -f {BLOCK_FILE}; chmod {mode:o} {part} && sync && mv {part} {name} && sync", 60)
    return True


def _send(
    shell: Shell, block: bytes, *, at: int, size: int, part: str, decode: str, seconds: float
) -> bool:
    """Write block number at / size of a file; return True if it arrived intact."""
    text = base64.b64encode(block)
    lines = [
        text[start : start + LINE_CHARACTERS] for start in range(0, len(text), LINE_CHARACTERS)
    ]
    digest = hashlib.md5(block).hexdigest()
    # sed stops even if the dot is lost; BusyBox's sed first reads one line more
    take = (
        f"sed -n '{END_PATTERN}q;p' | {decode} >{BLOCK_FILE} 2>/dev/null;"
        f' [ "$(md5sum <{BLOCK_FILE} | cut -c 1-32)" = {digest} ] &&'
        f" dd if={BLOCK_FILE} of={part} bs={size} seek={at // size} conv=notrunc 2>&1"
    )
    answer = shell.feed(take, b"\r".join([*lines, b".", b""]), seconds)
    if "No space" in answer.text:
        shell.run(f"rm -f {part}")
        raise NotReady(
            _("the board's card is full"), _("remove something from it: df -h says where")
        )
    if answer.status and "dd: " in answer.text:  # the block arrived, and cannot be written
        raise NotReady(
            _("the board cannot write {part}", part=part), answer.text.rsplit(": ", 1)[1]
        )
    return answer.status == 0


def _resume_offset(shell: Shell, part: str, data: bytes) -> int:
    """Return the number of bytes, in whole blocks, that an earlier upload left and that are
    correct."""
    try:
        size = whole_number(shell.ask(f"wc -c <{part}").text.strip())
    except ValueError:
        size = 0
    whole = size // BLOCK_BYTES * BLOCK_BYTES
    if whole and size <= len(data):
        head = shell.run(f"head -c {whole} {part} | sha256sum", 120)
        if sha256_in(head) == hashlib.sha256(data[:whole]).hexdigest():
            return whole
    shell.run(f"rm -f {part}")
    return 0


def _check_free_space(shell: Shell, folder: str, need: int) -> None:
    answer = shell.run(f"df -kP {folder} | tail -n 1")
    try:
        free = whole_number(answer.split()[3]) * 1024
    except (IndexError, ValueError) as error:
        raise NotReady(
            _("the board does not say how much room its card has"),
            _("it said {answer!r}", answer=quoted(answer)),
        ) from error
    if free < need:
        raise NotReady(
            _(
                "the board's card has {free:.1f} MB of room, and {need:.1f} are needed",
                free=free / 1e6,
                need=need / 1e6,
            ),
            _("remove something from it: du -a {folder} | sort -n", folder=folder),
        )


def _sha256(shell: Shell, name: str) -> str:
    """Return the SHA-256 of a file on the board, "" if there is none."""
    answer = shell.ask(f"sha256sum {name}", 120)
    return sha256_in(answer.text) if answer.status == 0 else ""


def _decoder(shell: Shell) -> str:
    output = shell.ask(f"for c in {' '.join(_DECODERS)}; do command -v $c && break; done").text
    for name, command in _DECODERS.items():
        if output.strip().endswith(name):
            return command
    raise NotReady(
        _("the board's shell has nothing that decodes base64"), _("put the file on its card")
    )
