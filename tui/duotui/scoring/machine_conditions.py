"""Conditions of a machine while it is judged, and which of them make the result void. Pure.

CONDITIONS_SCRIPT is run by the machine's own shell, once before the runs and once after them.
"""

from dataclasses import dataclass

from duotui.base.board_profile import DUO_64M
from duotui.board.system_info import PROBE, not_understood, parse_system_info, probe_values

CONDITIONS_SCRIPT = "; ".join(
    (
        PROBE,
        'echo "engine $(sha256sum /mnt/data/duotui/duollama 2>/dev/null)"',
        'echo "busy $(head -n 1 /proc/stat)"',
        "sleep 1",
        'echo "busy $(head -n 1 /proc/stat)"',
    )
)
"""A second long: how busy a processor is can only be said of a time."""

BUSY_SHARE = 0.1
"""Share of a processor's time above which something else runs on it."""


@dataclass(frozen=True, slots=True)
class MachineConditions:
    """memory and available in bytes (0: not known), swaps with their bytes (None: not known),
    temperatures in degrees Celsius, clock in MHz (0: not known), busy a fraction of the time of all
    processors (None: not known). engine is the SHA-256 of the board's program, in hex; "" where
    there is none at its place."""

    image: str
    kernel: str
    machine: str
    memory: int
    available: int
    swaps: tuple[tuple[str, int], ...] | None
    slowed: bool
    temperatures: tuple[float, ...]
    clock: int
    busy: float | None
    engine: str = ""

    @property
    def is_duo(self) -> bool:
        return DUO_64M.is_machine(self.machine)

    def troubles(self) -> tuple[str, ...]:
        """List what no run should be timed in, a line each."""
        found = []
        if self.swaps:
            names = ", ".join(name for name, _ in self.swaps)
            found.append(f"swap is on ({names})")
        if self.slowed and self.is_duo:  # a computer's fans are cooling devices too
            found.append("the processor is slowed down, because it is hot")
        if self.busy is not None and self.busy > BUSY_SHARE:
            found.append(f"something else takes {self.busy:.0%} of the processor")
        return tuple(found)


def changes(before: MachineConditions, after: MachineConditions) -> tuple[str, ...]:
    """List what changed, and must not have, between the first run and the last."""
    found = []
    if before.clock != after.clock:
        found.append(f"the clock went from {before.clock} to {after.clock} MHz")
    if before.kernel != after.kernel:
        found.append("another kernel runs now")
    return tuple(found)


def parse_conditions(output: str) -> MachineConditions:
    """Read what CONDITIONS_SCRIPT printed. Raises NotReady where that is something else."""
    info, values = parse_system_info(output), probe_values(output)
    try:
        before, after = (value.split()[1:] for name, value in values if name == "busy")
        busy = _busy(before, after)
    except (ValueError, IndexError) as error:
        raise not_understood(output) from error
    return MachineConditions(
        image=info.image,
        kernel=info.kernel,
        machine=info.machine,
        memory=info.memory,
        available=info.available,
        swaps=info.swaps,
        slowed=any(info.cooling),
        temperatures=info.temperatures,
        clock=info.clock,
        busy=busy,
        engine=dict(values).get("engine", "")[:64].strip(),
    )


def _busy(before: list[str], after: list[str]) -> float:
    """user nice system idle iowait irq softirq steal, in ticks since the start (proc(5))."""
    spent = [int(b) - int(a) for a, b in zip(before[:8], after[:8], strict=True)]
    idle = spent[3] + spent[4]
    return 1 - idle / sum(spent) if sum(spent) > 0 else 0.0
