"""Checks of a board, each with the command that fixes a fault.

They run commands in its shell, and change nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.board.agent_launcher import (
    BOARD_FOLDER,
    ENGINE_NAME,
    MICROPHONE_SCRIPT,
    MODEL_NAME,
    PCM_CAPTURE_FILE,
    PCM_FILE,
    TTS_SCRIPT,
)
from duotui.board.answers import quoted, sha256_in, whole_number
from duotui.board.self_test import SETUP_HINT, explain_failure, generation_fault, modes_of
from duotui.board.shell import Shell
from duotui.board.system_info import PROBE, SystemInfo, parse_system_info


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check. `right` is None if unknown; `mend` is the command that fixes a fault, and
    where to type it."""

    link: str
    right: bool | None
    what: str
    mend: str = ""
    exit: Exit = Exit.NOT_READY


TONE_HINT = N_("listen now: duotui doctor --tone")


def check_board(shell: Shell, *, tone: bool = False) -> Iterator[Finding]:
    """Check the board from its processor to its loudspeaker, on which it plays a `tone`."""
    info = parse_system_info(shell.run(PROBE))
    yield _machine(info)
    yield _memory(info)
    yield _swap(info)
    yield _clock(info)
    program = _program(shell)
    yield program
    yield from _model(shell, program.right)
    yield _microphone(shell)
    yield _sound(shell, tone)


def _machine(info: SystemInfo) -> Finding:
    board = info.board or DUO_64M
    what = _("{kernel} on {machine}", kernel=info.kernel, machine=info.machine)
    if info.board is not None:
        what = f"{board.name}, {what}"
    if not board.is_machine(info.machine):
        return Finding("board", False, what, board.other_machine_hint(info.machine))
    if info.board is None and info.tree:
        what = _("{what}; it is no Duo but {tree}", what=what, tree=info.tree)
        mend = _("whether its processor runs the engine, a story shows")
        return Finding("board", None, what, mend)
    return Finding("board", True, what)


def _memory(info: SystemInfo) -> Finding:
    what = f"{info.memory / 2**20:.1f} MB"
    if info.memory >= DUO_64M.freed_memory:
        return Finding("memory", True, _("{what}: room for every mode", what=what))
    return Finding(
        "memory",
        None,
        _(
            "{what}: the image keeps the rest for a camera; mode exact of a large "
            "model has no room",
            what=what,
        ),
        _("stories15M needs an image of SDK v2 (ION_SIZE 0), or --mode fast"),
    )


def _swap(info: SystemInfo) -> Finding:
    if not info.swaps:
        return Finding("swap", True, _("none, as the contest asks"))
    what = ", ".join(
        _("{name} ({size:.0f} MB)", name=name, size=size / 2**20) for name, size in info.swaps
    )
    return Finding("swap", False, _("on: {what}", what=what), _("on the board: swapoff -a"))


def _clock(info: SystemInfo) -> Finding:
    if not info.cooling:
        return Finding("clock", None, _("the kernel does not say whether it is slowed down"))
    if any(info.cooling):
        return Finding(
            "clock", False, _("slowed down, because it is hot"), _("let it cool, or fan it")
        )
    return Finding("clock", True, _("not slowed down"))


def _program(shell: Shell) -> Finding:
    path = f"{BOARD_FOLDER}/{ENGINE_NAME}"
    version = shell.ask(f"{path} --version")
    if version.status:
        fault = explain_failure(shell, path, version)
        return Finding("storyteller", False, fault.what, fault.mend)
    expected = json.loads(resources.BOARD.with_name("duollama.json").read_text("utf-8"))["sha256"]
    digest = sha256_in(shell.run(f"sha256sum {path}", 60))
    origin = "ours" if digest == expected else _("not the one of this package")
    return Finding("storyteller", True, f"{quoted(version.text)}, {origin}")


def _model(shell: Shell, runs: bool | None) -> Iterator[Finding]:
    """Check the model's file, then a few tokens of it in each of its modes."""
    path = f"{BOARD_FOLDER}/{MODEL_NAME}"
    try:
        size = whole_number(shell.ask(f"wc -c <{path}").text.strip())
    except ValueError:
        yield Finding("model", False, _("no {path}", path=path), _(SETUP_HINT))
        return
    what = _("{path}, {size:.1f} MB", path=path, size=size / 1e6)
    if not runs:
        yield Finding("model", None, _("{what}, not looked into", what=what))
        return
    inspected = shell.ask(f"{BOARD_FOLDER}/{ENGINE_NAME} inspect {path}", 300)
    if inspected.status:
        yield Finding("model", False, _("{what}, is damaged", what=what), _(SETUP_HINT))
        return
    yield Finding("model", True, _("{what}, whole", what=what))
    modes = modes_of(inspected.text)
    fault = generation_fault(shell, modes, BOARD_FOLDER)
    if fault is not None:
        yield Finding("story", False, fault.what, fault.mend)
    else:
        yield Finding("story", True, _("begun in each mode: {modes}", modes=", ".join(modes)))


def _microphone(shell: Shell) -> Finding:
    """Check for a capture device. The kernel has one even if no microphone is soldered to the
    board."""
    devices = _devices(shell, PCM_CAPTURE_FILE, DUO_64M.capture_device)
    if not devices:
        return Finding("microphone", None, _("none is known to the kernel: the host listens"))
    device = devices[0]
    if shell.ask("command -v arecord").status:
        return Finding(
            "microphone", None, _("{device}, but no arecord: the host listens", device=device)
        )
    path = f"{BOARD_FOLDER}/{MICROPHONE_SCRIPT}"
    if shell.ask(f"test -x {path}").status:
        what = _("{device}, but no {path}", device=device, path=path)
        return Finding("microphone", False, what, _(SETUP_HINT))
    what = _(
        "{device}, and arecord; no program can tell whether a microphone is wired to it",
        device=device,
    )
    return Finding("microphone", None, what)


def _sound(shell: Shell, tone: bool) -> Finding:
    """Check for what plays sound. Only a person hears whether a loudspeaker is wired to it."""
    devices = _devices(shell, PCM_FILE, f"{DUO_64M.alsa_devices} {DUO_64M.oss_device}")
    if not devices:
        return Finding("sound", None, _("no device is known to the kernel: the host speaks"))
    names = quoted(", ".join(devices))
    if DUO_64M.oss_device not in devices and shell.ask("command -v aplay").status:
        return Finding("sound", None, _("{names}, but no aplay: the host speaks", names=names))
    voice = f"{BOARD_FOLDER}/{TTS_SCRIPT}"
    result = shell.ask(f"{voice} </dev/null", 30)
    if result.status == 127:
        return Finding("sound", False, _("{names}, but no voice", names=names), _(SETUP_HINT))
    if tone and not result.status:
        result = shell.ask(f"{voice} tone", 30)
    if result.status:
        mend = _(
            "end what else plays, or name another device in {file}",
            file=f"{BOARD_FOLDER}/{PCM_FILE}",
        )
        return Finding("sound", False, f"{names}: {result.last_line}", mend)
    if tone:
        what = _(
            "{names}: a tone of a second was played; if you heard none, no loudspeaker is there",
            names=names,
        )
        return Finding("sound", None, what)
    what = _(
        "{names}, and a voice; only you can hear whether a loudspeaker is wired to it", names=names
    )
    return Finding("sound", None, what, _(TONE_HINT))


def _devices(shell: Shell, file: str, paths: str) -> list[str]:
    """The ALSA device that the owner has named in `file`, else those of `paths` that are there."""
    chosen = shell.ask(f"cat {BOARD_FOLDER}/{file} 2>/dev/null").text.split()
    return [quoted(name) for name in chosen or shell.ask(f"ls {paths} 2>/dev/null").text.split()]
