"""What a storyteller needs on a board, what of it is there, and sending the rest.

Looking changes nothing; what is then done is in the plan, to be shown first.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from duotui.base import resources
from duotui.base.clock import Clock
from duotui.base.errors import NotReady, UsageError
from duotui.base.progress import Progress
from duotui.board.agent_launcher import HOME, MODEL, PROGRAM, SPEAKER
from duotui.board.shell import Shell
from duotui.board.system_info import Facts, facts_of
from duotui.board.upload import push


@dataclass(frozen=True, slots=True)
class Part:
    """A file of ours, and its whole path on a board."""

    target: str
    source: Path
    mode: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.target).name

    def contents(self) -> bytes:
        try:
            return self.source.read_bytes()
        except OSError as error:
            raise UsageError(f"{self.source} cannot be read", error.strerror or "") from error


@dataclass(frozen=True, slots=True)
class Plan:
    """`missing` of the `parts` is to be sent, `size` bytes; `replaced` of it is there as another
    file."""

    facts: Facts
    parts: tuple[Part, ...]
    missing: tuple[Part, ...]
    replaced: tuple[Part, ...]
    size: int


def parts_of(engine: Path, model: Path) -> tuple[Part, ...]:
    """The storyteller, and what the board does at its start (firmware/overlay)."""
    overlay = resources.folder("firmware") / "overlay"
    scripts = sorted(path for path in overlay.rglob("*") if path.is_file())
    return (
        Part(f"{HOME}/{PROGRAM}", engine, 0o755),
        Part(f"{HOME}/{MODEL}", model, 0o644),
        Part(f"{HOME}/{SPEAKER}", resources.SPEAKER, 0o755),
        *(Part(f"/{path.relative_to(overlay).as_posix()}", path, 0o755) for path in scripts),
    )


def look(shell: Shell, parts: tuple[Part, ...]) -> Plan:
    """Raises NotReady where the board is none of ours, UsageError for a bad file of ours."""
    facts = facts_of(shell)
    if not facts.is_duo:
        raise NotReady(f"this is no Duo: its processor is {facts.machine}", "name another port")
    missing, replaced, size = [], [], 0
    for part in parts:
        contents = part.contents()
        said = shell.ask(f"sha256sum {part.target}", 120)
        if said.status or said.text.split()[0] != hashlib.sha256(contents).hexdigest():
            missing.append(part)
            size += len(contents)
            if not said.status:
                replaced.append(part)
    return Plan(facts, parts, tuple(missing), tuple(replaced), size)


def carry_out(
    shell: Shell,
    plan: Plan,
    clock: Clock,
    progress: Callable[[Part, Progress], None] = lambda _part, _progress: None,
) -> None:
    """Send what is missing, then let the board's own program look at it. Raises NotReady."""
    for part in plan.missing:

        def on(now: Progress, part: Part = part) -> None:
            progress(part, now)

        push(shell, part.source, part.target, clock, on, part.mode)
    shell.run(f"{HOME}/{PROGRAM} inspect {HOME}/{MODEL}", 300)
