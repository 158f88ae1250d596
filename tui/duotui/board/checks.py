"""Checks of a board, each with the command that fixes a fault.

They run commands in its shell, and change nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.errors import Exit
from duotui.board.agent_launcher import (
    BOARD_FOLDER,
    ENGINE_NAME,
    MICROPHONE_SCRIPT,
    MODEL_NAME,
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


def check_board(shell: Shell) -> Iterator[Finding]:
    """Check the board from its processor to its loudspeaker."""
    info = parse_system_info(shell.run(PROBE))
    yield _machine(info)
    yield _memory(info)
    yield _swap(info)
    yield _clock(info)
    program = _program(shell)
    yield program
    yield from _model(shell, program.right)
    yield _microphone(shell)
    yield _sound(shell)


def _machine(info: SystemInfo) -> Finding:
    is_duo = DUO_64M.is_machine(info.machine)
    mend = "" if is_duo else DUO_64M.other_machine_hint(info.machine)
    return Finding("board", is_duo, f"{info.kernel} on {info.machine}", mend)


def _memory(info: SystemInfo) -> Finding:
    what = f"{info.memory / 2**20:.1f} MB"
    if info.memory >= DUO_64M.freed_memory:
        return Finding("memory", True, f"{what}: room for every mode")
    return Finding(
        "memory",
        None,
        f"{what}: the image keeps the rest for a camera; mode exact of a large model has no room",
        "for stories15M: an image of SDK v2 (ION_SIZE 0), or --mode fast",
    )


def _swap(info: SystemInfo) -> Finding:
    if not info.swaps:
        return Finding("swap", True, "none, as the contest asks")
    what = ", ".join(f"{name} ({size / 2**20:.0f} MB)" for name, size in info.swaps)
    return Finding("swap", False, f"on: {what}", "on the board: swapoff -a")


def _clock(info: SystemInfo) -> Finding:
    if not info.cooling:
        return Finding("clock", None, "the kernel does not say whether it is slowed down")
    if any(info.cooling):
        return Finding("clock", False, "slowed down, because it is hot", "let it cool, or fan it")
    return Finding("clock", True, "not slowed down")


def _program(shell: Shell) -> Finding:
    path = f"{BOARD_FOLDER}/{ENGINE_NAME}"
    version = shell.ask(f"{path} --version")
    if version.status:
        fault = explain_failure(shell, path, version)
        return Finding("storyteller", False, fault.what, fault.mend)
    expected = json.loads(resources.BOARD.with_name("duollama.json").read_text("utf-8"))["sha256"]
    digest = sha256_in(shell.run(f"sha256sum {path}", 60))
    origin = "ours" if digest == expected else "not the one of this package"
    return Finding("storyteller", True, f"{quoted(version.text)}, {origin}")


def _model(shell: Shell, runs: bool | None) -> Iterator[Finding]:
    """Check the model's file, then a few tokens of it in each of its modes."""
    path = f"{BOARD_FOLDER}/{MODEL_NAME}"
    try:
        size = whole_number(shell.ask(f"wc -c <{path}").text.strip())
    except ValueError:
        yield Finding("model", False, f"no {path}", SETUP_HINT)
        return
    what = f"{path}, {size / 1e6:.1f} MB"
    if not runs:
        yield Finding("model", None, f"{what}, not looked into")
        return
    inspected = shell.ask(f"{BOARD_FOLDER}/{ENGINE_NAME} inspect {path}", 300)
    if inspected.status:
        yield Finding("model", False, f"{what}, is damaged", SETUP_HINT)
        return
    yield Finding("model", True, f"{what}, whole")
    modes = modes_of(inspected.text)
    fault = generation_fault(shell, modes, BOARD_FOLDER)
    if fault is not None:
        yield Finding("story", False, fault.what, fault.mend)
    else:
        yield Finding("story", True, f"begun in each mode: {', '.join(modes)}")


def _microphone(shell: Shell) -> Finding:
    """Check for a capture device. The kernel has one even if no microphone is soldered to the
    board."""
    device = quoted(shell.ask(f"command ls {DUO_64M.capture_device}").text)
    if not device.startswith("/"):
        return Finding("microphone", None, "none is known to the kernel: the host listens")
    if shell.ask("command -v arecord").status:
        return Finding("microphone", None, f"{device}, but no arecord: the host listens")
    if shell.ask(f"test -x {BOARD_FOLDER}/{MICROPHONE_SCRIPT}").status:
        mend = "on this computer: duotui setup"
        return Finding(
            "microphone", False, f"{device}, but no {BOARD_FOLDER}/{MICROPHONE_SCRIPT}", mend
        )
    return Finding("microphone", True, f"{device}, and arecord")


def _sound(shell: Shell) -> Finding:
    # an image's alias of ls colours the names
    paths = f"{DUO_64M.alsa_devices} {DUO_64M.oss_device}"
    devices = shell.ask(f"command ls {paths} 2>/dev/null").text.split()
    if not devices:
        return Finding("sound", None, "no loudspeaker is known to the kernel: the host speaks")
    names = quoted(", ".join(devices))
    if DUO_64M.oss_device not in devices and shell.ask("command -v aplay").status:
        return Finding("sound", None, f"{names}, but no aplay: the host speaks")
    result = shell.ask(f"{BOARD_FOLDER}/{TTS_SCRIPT} </dev/null", 30)
    if result.status == 127:
        return Finding("sound", False, f"{names}, but no voice", "on this computer: duotui setup")
    if result.status:
        mend = "whatever else plays on the board must end"
        return Finding("sound", False, f"{names}: {result.last_line}", mend)
    return Finding("sound", True, f"{names}, and a voice: duotui tell --speak tries a loudspeaker")
