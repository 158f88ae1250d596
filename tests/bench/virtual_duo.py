"""Speed of the virtual Duo beside a Duo's published one, and each mode's page faults there.

    python tests/bench/virtual_duo.py [--model FILE.bin --packed FILE.duo --tokenizer FILE]

The model is a random file of stories15M's shape unless another is given. Everything is in one run:
mode reference with 55.3 MB, where the card limits the rate (published: 0.360 tok/s, by llama2.c);
modes exact and fast there, and fast with 28.8 MB.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from random_model import write_random

from duotui.base.board_profile import MemoryLayout
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import probe_peer
from duotui.board.shell import Shell
from duotui.targets import packer
from duotui.targets.virtual_duo import VirtualDuo, make_card

NATIVE = Path(__file__).resolve().parents[2] / "native"
FEW, MANY = 3, 18
RUNS = (
    (MemoryLayout.FREED, "reference", "model.bin"),
    (MemoryLayout.FREED, "exact", "model.duo"),
    (MemoryLayout.FREED, "fast", "model.duo"),
    (MemoryLayout.STOCK, "fast", "fast.duo"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", type=Path, help="llama2.c's, version 0")
    parser.add_argument("--tokenizer", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        card = _card(Path(folder), options.model, options.tokenizer)
        print(f"{'memory':<8} {'mode':<10} {'tok/s':>8} {'faults of token':>16} {'peak':>9}")
        for memory, mode, file in RUNS:
            _, few, _ = _generate(card, memory, mode, file, FEW)
            rate, many, peak = _generate(card, memory, mode, file, MANY)
            faults = (many - few) / (MANY - FEW)
            print(f"{memory.name:<8} {mode:<10} {rate:>8.3f} {faults:>16.1f} {peak:>6} kB")


def _card(folder: Path, model: Path | None, tokenizer: Path) -> Path:
    subprocess.run(["make", "-s", "-C", NATIVE / "board", "rv64gcv"], check=True)
    data = folder / "root/mnt/data"
    data.mkdir(parents=True)
    shutil.copy(NATIVE / "build/rv64gcv/duollama", data)
    shutil.copy(tokenizer, data / "tokenizer.bin")
    if model is None:
        write_random(data / "model.bin")
    else:
        shutil.copy(model, data / "model.bin")
    packer.pack_model(data / "model.bin", tokenizer, "exact,fast", data / "model.duo")
    packer.pack_model(data / "model.bin", tokenizer, "fast", data / "fast.duo")
    make_card(folder / "card.img", folder / "root")
    return folder / "card.img"


def _generate(
    card: Path, memory: MemoryLayout, mode: str, file: str, tokens: int
) -> tuple[float, int, int]:
    """Rate in tok/s, major faults and peak memory in kB of a story, from a new card."""
    board = VirtualDuo(card, memory)
    try:
        transport, _ = board.start()
        spawn = TransportSpawn(transport)
        shell = Shell.enter(spawn, probe_peer(spawn, 30, 300))
        shell.run("swapoff -a")
        output = shell.run(
            f"cd /mnt/data; time -v ./duollama {file} -z tokenizer.bin --mode {mode}"
            f" -t 0 -n {tokens} 2>&1 >/dev/null",
            600,
        )
        transport.close()
    finally:
        board.close()
    numbers = [
        re.search(pattern, output)
        for pattern in (
            r"achieved tok/s: ([\d.]+)",
            r"Major \(requiring I/O\) page faults: (\d+)",
            r"Maximum resident set size \(kbytes\): (\d+)",
        )
    ]
    if None in numbers:
        raise SystemExit(f"{mode} told nothing:\n{output}")
    rate, faults, peak = (float(number[1]) for number in numbers if number)
    return rate, int(faults), int(peak)


if __name__ == "__main__":
    main()
