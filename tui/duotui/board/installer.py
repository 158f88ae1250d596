"""Installation of the files that a board needs: a plan of the missing ones, and their upload.

`plan_install` changes nothing, so that its caller can show the plan first.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.clock import Clock
from duotui.base.errors import NotReady
from duotui.base.files import read_bytes, reported
from duotui.base.progress import TransferProgress
from duotui.board.agent_launcher import BOARD_FOLDER, ENGINE_NAME, MODEL_NAME, TTS_PROGRAM
from duotui.board.self_test import EngineFault, explain_failure, generation_fault, modes_of
from duotui.board.shell import Shell
from duotui.board.system_info import PROBE, SystemInfo, parse_system_info
from duotui.board.upload import UPLOAD_LIMIT_BYTES, upload


@dataclass(frozen=True, slots=True)
class InstallFile:
    """A file of the host, and its absolute path on a board."""

    target: str
    source: Path
    mode: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.target).name

    def contents(self) -> bytes:
        with reported(self.source):
            return read_bytes(self.source, UPLOAD_LIMIT_BYTES)


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """`missing` are those of the `parts` to send, `size` bytes. `replaced` are those of them that
    differ from the board's file."""

    info: SystemInfo
    parts: tuple[InstallFile, ...]
    missing: tuple[InstallFile, ...]
    replaced: tuple[InstallFile, ...]
    size: int


def install_files(engine: Path, model: Path) -> tuple[InstallFile, ...]:
    """Return the engine, its model, the speech program, and the board's start scripts
    (firmware/overlay)."""
    overlay = resources.resource_folder("firmware") / "overlay"
    scripts = sorted(path for path in overlay.rglob("*") if path.is_file())
    return (
        InstallFile(f"{BOARD_FOLDER}/{ENGINE_NAME}", engine, 0o755),
        InstallFile(f"{BOARD_FOLDER}/{MODEL_NAME}", model, 0o644),
        InstallFile(f"{BOARD_FOLDER}/{TTS_PROGRAM}", resources.SPEAKER, 0o755),
        *(InstallFile(f"/{path.relative_to(overlay).as_posix()}", path, 0o755) for path in scripts),
    )


def plan_install(shell: Shell, parts: tuple[InstallFile, ...]) -> InstallPlan:
    """Compare `parts` with the board's files. Raises NotReady if the board is no Duo, UsageError
    for an unreadable part."""
    info = parse_system_info(shell.run(PROBE))
    if not DUO_64M.is_machine(info.machine):
        raise NotReady(f"this is no Duo: its processor is {info.machine}", "name another port")
    missing, replaced, size = [], [], 0
    for part in parts:
        contents = part.contents()
        result = shell.ask(f"sha256sum {part.target}", 120)
        if result.status or result.text.split()[0] != hashlib.sha256(contents).hexdigest():
            missing.append(part)
            size += len(contents)
            if not result.status:
                replaced.append(part)
    return InstallPlan(
        info=info, parts=parts, missing=tuple(missing), replaced=tuple(replaced), size=size
    )


def install(
    shell: Shell,
    plan: InstallPlan,
    clock: Clock,
    progress: Callable[[InstallFile, TransferProgress], None] = lambda _part, _progress: None,
) -> None:
    """Send the missing parts, then have the board's engine check the model and begin a story in
    each of its modes. Raises NotReady."""
    for part in plan.missing:

        def report(now: TransferProgress, part: InstallFile = part) -> None:
            progress(part, now)

        upload(
            shell=shell,
            source=part.source,
            target=part.target,
            clock=clock,
            progress=report,
            mode=part.mode,
        )
        if part.name == ENGINE_NAME:
            _run_engine(shell, "--version")  # before the model, which may take half an hour
    modes = modes_of(_run_engine(shell, f"inspect {BOARD_FOLDER}/{MODEL_NAME}"))
    fault = generation_fault(shell, modes, BOARD_FOLDER)
    if fault is not None:
        raise _no_engine(fault)


def _run_engine(shell: Shell, arguments: str) -> str:
    program = f"{BOARD_FOLDER}/{ENGINE_NAME}"
    result = shell.ask(f"{program} {arguments}", 300)
    if result.status:
        raise _no_engine(explain_failure(shell, program, result))
    return result.text


def _no_engine(fault: EngineFault) -> NotReady:
    return NotReady(f"the engine does not run on this board: {fault.what}", fault.mend)
