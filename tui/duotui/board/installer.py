"""Installation of the files that a board needs: a plan of the missing ones, and their upload.

`plan_install` changes nothing, so that its caller can show the plan first.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.clock import Clock
from duotui.base.errors import NotReady
from duotui.base.files import read_bytes, reported
from duotui.base.progress import TransferProgress
from duotui.base.translation import gettext as _
from duotui.board.agent_launcher import BOARD_FOLDER, ENGINE_NAME, MODEL_NAME, TTS_PROGRAM
from duotui.board.answers import sha256_in
from duotui.board.self_test import EngineFault, explain_failure, generation_fault, modes_of
from duotui.board.shell import Shell
from duotui.board.system_info import PROBE, SystemInfo, parse_system_info
from duotui.board.upload import UPLOAD_LIMIT_BYTES, upload
from duotui.protocol.request import Mode


@dataclass(frozen=True, slots=True)
class InstallFile:
    """A file of the host, and its absolute path on a board."""

    target: str
    source: Path
    mode: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.target).name

    @property
    def is_small(self) -> bool:
        """True for what a board needs before its fast port: all but the model and the voice."""
        return self.name not in (MODEL_NAME, TTS_PROGRAM)

    @property
    def size(self) -> int:
        return self.source.stat().st_size

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


ShowTransfer = Callable[[InstallFile, TransferProgress], None]


def _show_nothing(_part: InstallFile, _progress: TransferProgress) -> None:
    pass


def install_files(engine: Path, model: Path) -> tuple[InstallFile, ...]:
    """Return the engine, the board's start scripts (firmware/overlay), the speech program and the
    model: what is small and starts the fast port comes first."""
    overlay = resources.resource_folder("firmware") / "overlay"
    scripts = sorted(path for path in overlay.rglob("*") if path.is_file())
    return (
        InstallFile(f"{BOARD_FOLDER}/{ENGINE_NAME}", engine, 0o755),
        *(InstallFile(f"/{path.relative_to(overlay).as_posix()}", path, 0o755) for path in scripts),
        InstallFile(f"{BOARD_FOLDER}/{TTS_PROGRAM}", resources.SPEAKER, 0o755),
        InstallFile(f"{BOARD_FOLDER}/{MODEL_NAME}", model, 0o644),
    )


def plan_install(shell: Shell, parts: tuple[InstallFile, ...]) -> InstallPlan:
    """Compare `parts` with the board's files. Raises NotReady if the board is no Duo, UsageError
    for an unreadable part."""
    info = parse_system_info(shell.run(PROBE))
    board = info.board or DUO_64M
    if not board.is_machine(info.machine):
        what = _("this is no Duo: its processor is {machine}", machine=info.machine)
        if info.board is not None:
            what = _(
                "this {board} is in ARM mode: its processor is {machine}",
                board=board.name,
                machine=info.machine,
            )
        raise NotReady(what, board.other_machine_hint(info.machine))
    missing, replaced, size = [], [], 0
    for part in parts:
        contents = part.contents()
        result = shell.ask(f"sha256sum {part.target}", 120)
        if result.status or sha256_in(result.text) != hashlib.sha256(contents).hexdigest():
            missing.append(part)
            size += len(contents)
            if not result.status:
                replaced.append(part)
    return InstallPlan(
        info=info, parts=parts, missing=tuple(missing), replaced=tuple(replaced), size=size
    )


def send(
    shell: Shell, parts: Sequence[InstallFile], clock: Clock, progress: ShowTransfer = _show_nothing
) -> None:
    """Send `parts`, as far as they are not on the board. An engine that does not start ends it,
    before the model is sent. Raises NotReady, and LinkBroken if the line is lost."""
    for part in parts:

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
            _run_engine(shell, "--version")


def try_engine(shell: Shell) -> tuple[Mode, ...]:
    """Have the board's engine check its model and begin a story in each of its modes; return these.
    Raises NotReady."""
    modes = modes_of(_run_engine(shell, f"inspect {BOARD_FOLDER}/{MODEL_NAME}"))
    fault = generation_fault(shell, modes, BOARD_FOLDER)
    if fault is not None:
        raise _no_engine(fault)
    return modes


def _run_engine(shell: Shell, arguments: str) -> str:
    program = f"{BOARD_FOLDER}/{ENGINE_NAME}"
    result = shell.ask(f"{program} {arguments}", 300)
    if result.status:
        raise _no_engine(explain_failure(shell, program, result))
    return result.text


def _no_engine(fault: EngineFault) -> NotReady:
    return NotReady(_("the engine does not run on this board: {what}", what=fault.what), fault.mend)
