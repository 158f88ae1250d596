"""What state a machine is in while it is judged, and what of that would make the result void. Pure.

SCRIPT is run by the machine's own shell, once before the runs and once after them.
"""

import re
from dataclasses import dataclass

from duotui.base.errors import NotReady

SCRIPT = "; ".join(
    (
        "printf 'image %s\\n' \"$(head -n 1 /etc/issue 2>/dev/null)\"",
        'echo "kernel $(uname -sr)"',
        'echo "machine $(uname -m)"',
        "grep -E '^(MemTotal|MemAvailable)' /proc/meminfo | tr -d :",
        "while read -r name kind size rest; do"
        ' [ "$name" = Filename ] || echo "swap $name $size"; done </proc/swaps',
        "for f in /sys/class/thermal/cooling_device*/cur_state;"
        ' do [ -e "$f" ] && echo "slowed $(cat "$f")"; done',
        "for f in /sys/class/thermal/thermal_zone*/temp;"
        ' do [ -e "$f" ] && echo "temperature $(cat "$f")"; done',
        "f=/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq;"
        ' [ -e "$f" ] && echo "clock $(cat "$f")"',
        'echo "engine $(sha256sum /mnt/data/duotui/duollama 2>/dev/null)"',
        'echo "busy $(head -n 1 /proc/stat)"',
        "sleep 1",
        'echo "busy $(head -n 1 /proc/stat)"',
    )
)
"""A second long: how busy a processor is can only be said of a time."""

BUSY_SHARE = 0.1
"""Of a processor's time, above which something else runs on it."""

DUO = "riscv64"


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
        return self.machine == DUO

    def troubles(self) -> tuple[str, ...]:
        """What no run should be timed in, a line each."""
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
    """What must not have changed between the first run and the last."""
    found = []
    if before.clock != after.clock:
        found.append(f"the clock went from {before.clock} to {after.clock} MHz")
    if before.kernel != after.kernel:
        found.append("another kernel runs now")
    return tuple(found)


def parse_conditions(said: str) -> MachineConditions:
    """What SCRIPT said. Raises NotReady where that is not to be read."""
    rows = [line.split(maxsplit=1) for line in said.splitlines()]
    values = [(row[0], row[1] if len(row) > 1 else "") for row in rows if row]
    try:
        first = dict(reversed(values))
        before, after = (value.split()[1:] for name, value in values if name == "busy")
        swaps = (value.split() for name, value in values if name == "swap")
        return MachineConditions(
            image=re.sub(r"\\\S", "", first["image"]).strip(),
            kernel=first["kernel"],
            machine=first["machine"],
            memory=_bytes(first["MemTotal"]),
            available=_bytes(first.get("MemAvailable", "0 kB")),
            swaps=tuple((name, int(size) * 1024) for name, size in swaps),
            slowed=any(value != "0" for name, value in values if name == "slowed"),
            temperatures=tuple(
                int(value) / 1000 for name, value in values if name == "temperature"
            ),
            clock=int(first.get("clock", "0")) // 1000,
            busy=_busy(before, after),
            engine=first.get("engine", "")[:64].strip(),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise NotReady("the board does not say what state it is in", f"it said {said!r}") from error


def _bytes(kib: str) -> int:
    return int(kib.split()[0]) * 1024


def _busy(before: list[str], after: list[str]) -> float:
    """user nice system idle iowait irq softirq steal, in ticks since the start (proc(5))."""
    spent = [int(b) - int(a) for a, b in zip(before[:8], after[:8], strict=True)]
    idle = spent[3] + spent[4]
    return 1 - idle / sum(spent) if sum(spent) > 0 else 0.0
