"""Put the board's programs into the package, each with its hash and how it was made.

    python native/board/ship.py            copy what was built, write its records
    python native/board/ship.py --check    only say whether the two are the same

`make ship` builds them first. A record's hash is that of the copy, so a user can see that what
goes to the board is what the recipe gives.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BOARD = Path(__file__).resolve().parent
FOLDER = BOARD.parent.parent / "tui/duotui/data/board"


@dataclass(frozen=True)
class Program:
    built: Path
    version: str
    architecture: str
    recipe: str
    licence: Path | None = None
    """Of others' work that is in it."""

    @property
    def shipped(self) -> Path:
        return FOLDER / self.built.name

    def record(self) -> dict[str, object]:
        tools = Path(subprocess.check_output([BOARD / "tools"], text=True).strip())
        gcc = tools / "cross/usr/bin/riscv64-linux-gnu-gcc-14"
        return {
            "program": f"{self.built.name} {self.version}",
            "sha256": hashlib.sha256(self.shipped.read_bytes()).hexdigest(),
            "bytes": self.shipped.stat().st_size,
            "architecture": f"{self.architecture}, lp64d, static, musl",
            "compiler": subprocess.check_output([gcc, "--version"], text=True).splitlines()[0],
            "recipe": self.recipe,
        }


def programs() -> Iterator[Program]:
    """Those that are built here."""
    version = "".join(
        re.findall(r'DUO_VERSION "(.+)"', (BOARD.parent / "src/version.h").read_text())
    )
    engine = BOARD.parent / "build/board/duollama"
    if engine.exists():
        yield Program(engine, version, "rv64gc_xtheadvector", "make board")
    voice = subprocess.run(
        [BOARD.parent / "speech/voice", "--offline"], capture_output=True, text=True
    )
    if voice.returncode == 0:
        speaker = Path(voice.stdout.strip()) / "duospeak"
        flite = speaker.with_name("licence") / "COPYING"
        yield Program(speaker, f"{version}, Flite 2.2, cmu_us_kal", "rv64gc", "make speech", flite)


def check(program: Program) -> bool:
    """Says whether the package has it."""
    shipped, built = program.shipped, program.built.read_bytes()
    same = shipped.exists() and shipped.read_bytes() == built
    state = "is the package's" if same else "is not the package's: `make ship` puts it there"
    digest = hashlib.sha256(built).hexdigest()
    print(f"{program.built.name}: {len(built)} bytes, sha256 {digest}, {state}")
    return same


def ship(program: Program) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(program.built, program.shipped)
    program.shipped.chmod(0o755)
    record = json.dumps(program.record(), indent=2) + "\n"
    program.shipped.with_suffix(".json").write_text(record)
    print(record, end="")
    if program.licence is not None:
        notice = program.shipped.with_name(f"{program.shipped.name}-licence.txt")
        shutil.copyfile(program.licence, notice)


def main() -> None:
    parser = argparse.ArgumentParser(description="Put the board's programs into the package.")
    parser.add_argument("--check", action="store_true", help="only compare")
    if parser.parse_args().check:
        sys.exit(sum(not check(program) for program in programs()) > 0)
    for program in programs():
        ship(program)


if __name__ == "__main__":
    main()
