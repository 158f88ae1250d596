"""Conditions of a machine while it is judged, and those that make the result void. Pure.

The machine's own shell runs CONDITIONS_SCRIPT, once before the runs and once after them.
"""

from dataclasses import dataclass

from duotui.base.board_profile import DUO_64M
from duotui.base.translation import gettext as _
from duotui.board.answers import quoted, sha256_in, whole_number
from duotui.board.system_info import PROBE, not_understood, parse_system_info, probe_values

CONDITIONS_SCRIPT = "; ".join(
    (
        PROBE,
        "printf 'board %s\\n' \"$(cat /proc/device-tree/model 2>/dev/null | tr -d '\\000')\"",
        'printf "engine %s\\n" "$(sha256sum /mnt/data/duotui/duollama 2>/dev/null)"',
        'printf "busy %s\\n" "$(head -n 1 /proc/stat)"',
        "sleep 1",
        'printf "busy %s\\n" "$(head -n 1 /proc/stat)"',
    )
)
"""Shell command that takes a second, the interval over which it measures CPU utilisation."""

BUSY_SHARE = 0.1
"""CPU utilisation (0 to 1) above which another process is assumed to be running."""


@dataclass(frozen=True, slots=True)
class MachineConditions:
    """State of a machine.

    `memory`, `available` and the size of each swap are in bytes, `temperatures` in degrees Celsius,
    `clock` in MHz. `busy` is the CPU utilisation of all processors, 0 to 1. Unknown values: 0 for
    `memory`, `available` and `clock`, None for `swaps` and `busy`. `engine` is the SHA-256 of the
    board's program in hex, "" if it is not installed. `board` is the
    device tree's model, "" where there is none.
    """

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
    board: str = ""

    @property
    def is_duo(self) -> bool:
        return DUO_64M.is_machine(self.machine)

    def troubles(self) -> tuple[str, ...]:
        """Return the conditions in which no run should be timed, a line each."""
        lines = []
        if self.swaps:
            names = ", ".join(name for name, _ in self.swaps)
            lines.append(_("swap is on ({names})", names=names))
        if self.slowed and self.is_duo:  # a computer's fans are cooling devices too
            lines.append(_("the processor is slowed down, because it is hot"))
        if self.busy is not None and self.busy > BUSY_SHARE:
            lines.append(_("something else takes {busy:.0%} of the processor", busy=self.busy))
        return tuple(lines)


def changes(before: MachineConditions, after: MachineConditions) -> tuple[str, ...]:
    """Return the forbidden changes from the first run to the last, a line each."""
    lines = []
    if before.clock != after.clock:
        lines.append(
            _(
                "the clock went from {before} to {after} MHz",
                before=before.clock,
                after=after.clock,
            )
        )
    if before.kernel != after.kernel:
        lines.append(_("another kernel runs now"))
    return tuple(lines)


def parse_conditions(output: str) -> MachineConditions:
    """Parse the output of CONDITIONS_SCRIPT. Raises NotReady if it is something else."""
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
        engine=sha256_in(dict(values).get("engine", "")),
        board=quoted(dict(values).get("board", "")),
    )


def _busy(before: list[str], after: list[str]) -> float:
    """Return the CPU utilisation between two readings of `user nice system idle iowait irq softirq
    steal`, in ticks since boot (proc(5))."""
    pairs = zip(before[:8], after[:8], strict=True)
    spent = [whole_number(b) - whole_number(a) for a, b in pairs]
    idle = spent[3] + spent[4]
    return 1 - idle / sum(spent) if sum(spent) > 0 else 0.0
