"""Self-test of a board's engine: four tokens in each mode, by the program and the kernels that will
tell its stories.

`--version` and `inspect` use no vectors, so they pass where a story ends in an illegal instruction.
A program that fails is explained: its last words, and what to do.
"""

import re
from dataclasses import dataclass

from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.board.agent_launcher import BOARD_FOLDER, ENGINE_NAME, MODEL_NAME
from duotui.board.answers import quoted
from duotui.board.shell import CommandResult, Shell
from duotui.protocol.request import Mode

STEPS = 4
MODE_SECONDS = 300
"""Seconds for STEPS tokens: a model that does not fit into memory is read for each of them."""

SETUP_HINT = N_("on this computer: duotui setup")

SIGNAL_ENDS = {
    4: (
        N_("Illegal instruction"),
        N_(
            "the image's kernel, or the processor, has none of the vectors (0.7.1) "
            "that this engine uses; flash the maker's image, or build an engine for "
            "it (duotui setup --engine FILE)"
        ),
    ),
    7: (N_("Bus error: its card cannot be read"), N_("put another card in, and set it up anew")),
    9: (
        N_("Killed, as Linux does when memory runs out"),
        N_("end what else runs on the board, or flash an image of SDK v2 (ION_SIZE 0)"),
    ),
}
"""Signals that end an engine, with their words and their remedies."""

_OWN_WORDS = f"{ENGINE_NAME}: "
_DAMAGED = N_("it is damaged, or has a defect; on this computer: duotui setup")


@dataclass(frozen=True, slots=True)
class EngineFault:
    """What is wrong with a program on a board, and the remedy."""

    what: str
    mend: str


def modes_of(inspected: str) -> tuple[Mode, ...]:
    """The modes of a model, from what `duollama inspect` prints. A model for `exact` has all of the
    weights, so `reference` has them, too."""
    match = re.search(r"^for mode (.*)$", inspected, re.MULTILINE)
    packed = match[1].split() if match else []
    return tuple(
        mode
        for mode, needs in (
            (Mode.FAST, Mode.FAST),
            (Mode.EXACT, Mode.EXACT),
            (Mode.REFERENCE, Mode.EXACT),
        )
        if needs in packed
    )


def generation_fault(
    shell: Shell, modes: tuple[Mode, ...], folder: str = BOARD_FOLDER
) -> EngineFault | None:
    """Generate STEPS tokens in each of `modes`; return the first fault, or None."""
    for mode in modes:
        command = f"./{ENGINE_NAME} {MODEL_NAME} --mode {mode} -n {STEPS}"
        result = shell.ask(f"cd {folder} && {command}", MODE_SECONDS)
        if result.status:
            fault = explain_failure(shell, f"{folder}/{ENGINE_NAME}", result)
            return EngineFault(_("mode {mode}: {what}", mode=mode, what=fault.what), fault.mend)
    return None


def explain_failure(shell: Shell, program: str, result: CommandResult) -> EngineFault:
    """Explain why `program` on the board ended with `result`, which is no success."""
    if result.status > 128:
        words, mend = SIGNAL_ENDS.get(result.status - 128, (quoted(result.last_line), _DAMAGED))
        return EngineFault(_(words), _(mend))
    if result.last_line.startswith(_OWN_WORDS):
        return EngineFault(quoted(result.last_line.removeprefix(_OWN_WORDS)), _(SETUP_HINT))
    if shell.ask(f"test -f {program}").status:
        return EngineFault(_("no {program}", program=program), _(SETUP_HINT))
    own, header = _elf(shell, "/bin/sh"), _elf(shell, program)
    if not header:
        return EngineFault(_("{program} is no program", program=program), _(_DAMAGED))
    if own and own != header:
        return EngineFault(
            _("{program} is built for another processor", program=program),
            _("for another board build an engine (--engine FILE); for a Duo: duotui setup"),
        )
    if result.status == 127:
        return EngineFault(
            _("{program} needs libraries that the board has not", program=program),
            _("link it statically (-static)"),
        )
    if result.status == 126:
        mount = _mount_without_programs(shell, program)
        if mount:
            return EngineFault(
                _("{mount} is mounted noexec: no program may run from there", mount=quoted(mount)),
                _("on the board: mount -o remount,exec {mount}", mount=quoted(mount)),
            )
        return EngineFault(
            quoted(result.last_line), _("on the board: chmod 755 {program}", program=program)
        )
    return EngineFault(quoted(result.last_line), _(SETUP_HINT))


def _elf(shell: Shell, path: str) -> str:
    """The word length and the processor in an ELF header, "" where there is none."""
    octets = shell.ask(f"head -c 20 {path} | od -An -v -tx1").text.split()
    if len(octets) < 20 or octets[:4] != ["7f", "45", "4c", "46"]:
        return ""
    return " ".join(octets[4:6] + octets[18:20])


def _mount_without_programs(shell: Shell, path: str) -> str:
    """The mount that `path` is on, if it is mounted noexec; else ""."""
    rows = shell.ask(f"df -P {path} | tail -n 1; cat /proc/mounts").text.splitlines()
    mount = rows[0].split()[-1] if rows and rows[0] else ""
    for fields in map(str.split, rows[1:]):
        if len(fields) > 3 and fields[1] == mount and "noexec" in fields[3].split(","):
            return mount
    return ""
