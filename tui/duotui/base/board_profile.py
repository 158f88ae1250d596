"""Profile of a kind of board: what is true of it, and of no other. Pure: every package may import
it.

The Duo 256M and the Duo S in RISC-V mode run the same engine. All three say "riscv64", have the
vendor 3346, the prompt and the password: only the device tree tells them apart (`board_of`).

The 64M is the board that duotui is for, so these modules read DUO_64M itself:
board/{doctor,port_probe,shell}, link/{ports,serial_transport,usb_devices}, protocol/link_monitor,
report/tables, scoring/{machine_conditions,official_settings}, targets/virtual_duo, ui/judge_text.
What they read is true of all three, or is the contest's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_


class MemoryLayout(Enum):
    """Memory that the kernel of an image is given of a 64 MiB board, as its argument `mem=`."""

    STOCK = "34852K"
    """28.8 MB: the stock image v1 keeps 26.8 MiB for the camera."""
    FREED = "62428K"
    """55.3 MB: an image that keeps nothing, as the contest's was."""
    FULL = "64M"


class UsbRole(Enum):
    """What a board is on USB."""

    SERIAL = "serial"
    NETWORK = "network"
    BOOT_ROM = "rom"
    BOOT_LOADER = "loader"


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """Facts of a kind of board.

    - `machine` is what `uname -m` prints; `ram` is QEMU's and the kernel's word for the memory.
    - `tree_words` are words of its device tree's model and compatible, `memory_limit` is more than
      its kernel's memory, in bytes: the vendor's kernel gives two boards the same words.
    - `to_riscv` says how the board is set to RISC-V, "" if it knows nothing else.
    - `freed_memory` is the least MemTotal, in bytes, of an image that keeps nothing for a camera.
    - `card_rate` is the card's bytes a second, `baud_rate` that of its UART.
    - `user` and `password` are those of the vendor's images.
    - `boot_failure` is printed by a boot ROM that finds nothing to boot on a card.
    - `boot_messages` is printed by a board that was just turned on, `bootloader_prompt` by its boot
      loader: regular expressions.
    - `usb_products` are the USB devices that a board can be, by their product ids.
    - `network_address` is a board's on its own network card, over USB.
    - `capture_device`, `alsa_devices` (that play) and `oss_device` (that plays without a program)
      are paths, for a shell.
    - `published_rates` are tok/s of a model of `published_parameters` parameters.
    """

    name: str
    machine: str
    ram: str
    tree_words: tuple[str, ...]
    memory_limit: int
    to_riscv: str
    freed_memory: int
    card_rate: int
    baud_rate: int
    user: str
    password: str
    boot_failure: bytes
    boot_messages: bytes
    bootloader_prompt: bytes
    usb_vendor: int
    usb_products: Mapping[int, UsbRole]
    network_address: str
    capture_device: str
    alsa_devices: str
    oss_device: str
    published_rates: tuple[tuple[str, float], ...]
    published_parameters: int

    def is_machine(self, machine: str) -> bool:
        """Say whether a machine that calls itself `machine` may be such a board."""
        return machine == self.machine

    def other_machine_hint(self, machine: str) -> str:
        """What to do where the board, or an unknown one, calls itself `machine`."""
        other = _("look for the Duo's port: duotui devices")
        if not machine.startswith(("aarch64", "arm")):
            return other
        if self.to_riscv:
            return _(
                "{how}, and flash its {machine} image", how=_(self.to_riscv), machine=self.machine
            )
        return _(
            "if it is a Duo 256M or S, set it to RISC-V and flash its {machine} image; else"
            " {other}",
            machine=self.machine,
            other=other,
        )


DUO_64M = BoardProfile(
    name="Milk-V Duo 64M",
    machine="riscv64",
    ram="64M",
    tree_words=("cv180x", "cv1800b", "milkv,duo", "milk-v duo"),
    memory_limit=64 * 2**20,
    to_riscv="",
    # mode exact needs 40 MB beside the system's 14
    freed_memory=50 * 2**20,
    # published: 20.8 to 22.2 MB/s, read or written
    card_rate=21_900_000,
    baud_rate=115_200,
    user="root",
    password="milkv",
    boot_failure=rb"E:Boot failed|E:SD \w+",
    boot_messages=rb"C\.SCS/|FSBL|U-Boot|OpenSBI|Starting kernel|Linux version",
    bootloader_prompt=rb"(?:=>|cv\w+#) ",
    usb_vendor=0x3346,
    usb_products=MappingProxyType(
        {
            0x1000: UsbRole.BOOT_ROM,
            0x1001: UsbRole.BOOT_LOADER,
            0x1003: UsbRole.SERIAL,
            0x1009: UsbRole.NETWORK,  # RNDIS, before image 1.1.2
            0x100C: UsbRole.NETWORK,  # CDC-NCM
        }
    ),
    network_address="192.168.42.1",
    capture_device="/dev/snd/pcmC0D0c",
    alsa_devices="/dev/snd/pcm*p",
    oss_device="/dev/dsp",
    # RVSPOC 2023, S2311, 30 runs each; the winner's is int8, and told another story
    published_rates=(
        (N_("llama2.c, published"), 0.360350),
        (N_("the winner, published"), 24.302522),
    ),
    published_parameters=15_191_712,
)
"""One C906 core of a CV1800B, 64 MiB. Its clock is read from its kernel, and stands in no field."""

DUO_256M = replace(
    DUO_64M,
    name="Milk-V Duo 256M",
    ram="256M",
    tree_words=("cv181x", "sg2002", "milkv,duo256m", "milk-v duo256m", "milk-v duo 256m"),
    memory_limit=256 * 2**20,
    to_riscv=N_("set this Duo 256M to RISC-V"),
)
"""Board with the same C906 in an SG2002, beside an ARM core that it may start with instead."""

DUO_S = replace(
    DUO_64M,
    name="Milk-V Duo S",
    ram="512M",
    tree_words=("cv181x", "sg2000", "milkv,duos", "milk-v duos", "milk-v duo s"),
    memory_limit=512 * 2**20,
    to_riscv=N_("set the switch of this Duo S to RV"),
)
"""Board with the same C906 in an SG2000, beside an ARM core that a switch selects."""

VIRTUAL_DUO = replace(
    DUO_64M, name="virtual Duo", tree_words=("riscv-virtio",), memory_limit=1 << 62
)
"""Emulator of the 64M, which computes with vectors of another version."""

BOARDS = (DUO_64M, DUO_256M, DUO_S, VIRTUAL_DUO)


def board_of(tree: str, memory: int) -> BoardProfile | None:
    """Return the board whose device tree has the model and compatible `tree`, and whose kernel has
    `memory` bytes; None if it is another one.

    The longest word counts: "milkv,duo" is a part of "milkv,duo256m"."""
    found = [
        (len(word), -board.memory_limit, board)
        for board in BOARDS
        for word in board.tree_words
        if word in tree.lower() and memory < board.memory_limit
    ]
    return max(found, key=lambda entry: entry[:2])[2] if found else None
