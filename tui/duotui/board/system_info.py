"""What a board is and has, as its kernel says."""

from dataclasses import dataclass

from duotui.board.shell import Shell


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """Memory, room on the card and each swap device's size in bytes."""

    kernel: str
    machine: str
    memory: int
    swaps: tuple[tuple[str, int], ...]
    free_bytes: int

    @property
    def is_duo(self) -> bool:
        return self.machine == "riscv64"


def read_system_info(shell: Shell) -> SystemInfo:
    kernel, machine = shell.run("uname -r; uname -m").split("\n")
    memory = int(shell.run("grep MemTotal /proc/meminfo").split()[1])
    rows = [line.split() for line in shell.run("cat /proc/swaps").splitlines()[1:]]
    # /mnt/data is in every image, and may be a card of its own
    free_bytes = int(
        shell.run("df -kP /mnt/data 2>/dev/null || df -kP /").splitlines()[-1].split()[3]
    )
    swaps = tuple((row[0], int(row[2]) * 1024) for row in rows)
    return SystemInfo(
        kernel=kernel,
        machine=machine,
        memory=memory * 1024,
        swaps=swaps,
        free_bytes=free_bytes * 1024,
    )
