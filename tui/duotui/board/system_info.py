"""Facts of a machine, from its kernel: its shell runs PROBE. Pure."""

import re
from dataclasses import dataclass

from duotui.base.board_profile import BoardProfile, board_of
from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.board.answers import quoted, whole_number

COLDEST = -273_150
"""Temperature in thousandths of a degree Celsius, at least."""

PROBE = "; ".join(
    (
        "printf 'image %s\\n' \"$(head -n 1 /etc/issue 2>/dev/null)\"",
        "printf 'kernel %s\\n' \"$(uname -sr)\"",
        "printf 'machine %s\\n' \"$(uname -m)\"",
        "printf 'tree %s\\n' \"$(cd /proc/device-tree 2>/dev/null &&"
        " cat model compatible 2>/dev/null | tr '\\000' ' ')\"",
        "grep -E '^(MemTotal|MemAvailable)' /proc/meminfo | tr -d :",
        "while read -r name kind size rest; do"
        ' [ "$name" = Filename ] || printf "swap %s %s\\n" "$name" "$size"; done </proc/swaps',
        "cat /sys/class/thermal/cooling_device*/cur_state 2>/dev/null |"
        ' while read -r n; do printf "slowed %s\\n" "$n"; done',
        "cat /sys/class/thermal/thermal_zone*/temp 2>/dev/null |"
        ' while read -r n; do printf "temperature %s\\n" "$n"; done',
        "f=/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq;"
        ' [ -e "$f" ] && printf "clock %s\\n" "$(cat "$f")"',
        # /mnt/data is in every image, and may be a file system of its own
        'printf "room %s\\n" "$({ df -kP /mnt/data 2>/dev/null || df -kP /; } | tail -n 1)"',
    )
)
"""Command line for a shell; each line of its output is a name and a value. The echo of some shells
interprets backslashes."""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """`kernel` is its name and release. `memory`, `available`, the size of each swap and
    `free_bytes` are in bytes, `temperatures` in degrees Celsius, `clock` in MHz. `available` and
    `clock` are 0 if unknown. `cooling` is the state of each cooling device; 0 is no cooling. `tree`
    is the model and compatible of its device tree, "" if it has none."""

    image: str
    kernel: str
    machine: str
    memory: int
    available: int
    swaps: tuple[tuple[str, int], ...]
    cooling: tuple[int, ...]
    temperatures: tuple[float, ...]
    clock: int
    free_bytes: int
    tree: str = ""

    @property
    def board(self) -> BoardProfile | None:
        """The board that it is; None if it is another one, or has no device tree."""
        return board_of(self.tree, self.memory)


def probe_values(output: str) -> list[tuple[str, str]]:
    """Return the name and the value of each line of `output`."""
    rows = [line.split(maxsplit=1) for line in output.splitlines()]
    return [(row[0], row[1] if len(row) > 1 else "") for row in rows if row]


def parse_system_info(output: str) -> SystemInfo:
    """Parse the output of PROBE. Raises NotReady if it is something else."""
    values = probe_values(output)
    first = {name: value for name, value in reversed(values) if value}
    try:
        swaps = (value.split() for name, value in values if name == "swap")
        return SystemInfo(
            image=quoted(re.sub(r"\\\S", "", first.get("image", ""))),
            kernel=quoted(first["kernel"]),
            machine=quoted(first["machine"]),
            memory=_kib(first["MemTotal"]),
            available=_kib(first.get("MemAvailable", "0")),
            swaps=tuple((quoted(name), _kib(size)) for name, size in swaps),
            cooling=tuple(whole_number(value) for name, value in values if name == "slowed"),
            temperatures=tuple(
                whole_number(value, COLDEST) / 1000
                for name, value in values
                if name == "temperature"
            ),
            clock=whole_number(first.get("clock", "0")) // 1000,
            free_bytes=_kib(first["room"].split()[3]),
            tree=quoted(first.get("tree", "")),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise not_understood(output) from error


def not_understood(output: str) -> NotReady:
    return NotReady(
        _("the board does not say what state it is in"),
        _("it said {output!r}", output=quoted(output)),
    )


def _kib(value: str) -> int:
    return whole_number(value.split()[0]) * 1024
