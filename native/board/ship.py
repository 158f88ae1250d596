"""Copy the board's programs into the package, each with its hash and its build record.

    python native/board/ship.py            copy the built programs, write their records
    python native/board/ship.py --check    only compare the package with the built programs

`make ship` builds them first; `make shipped` runs the check. A record holds the hash of the copy,
so a user can verify that the shipped program is what the recipe builds. Status 1: they differ, or
nothing was built.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BOARD = Path(__file__).resolve().parent
FOLDER = BOARD.parent.parent / "tui/duotui/data/board"


@dataclass(frozen=True)
class Program:
    name: str
    built: Path | None
    """Path of the built program; None if it was not built."""
    version: str
    architecture: str
    recipe: str
    packages: tuple[str, ...]
    """Sources of others in the program."""
    licence: bool = False
    """True if the licence of one of them has to come with it."""

    @property
    def shipped(self) -> Path:
        return FOLDER / self.name

    @property
    def notice(self) -> Path:
        return FOLDER / f"{self.name}-licence.txt"

    def record(self) -> dict[str, object]:
        versions = locked()
        tools = [name for name in versions if name.startswith(("gcc-", "binutils-"))]
        return {
            "program": f"{self.name} {self.version}",
            "sha256": sha256(self.shipped),
            "bytes": self.shipped.stat().st_size,
            "architecture": f"{self.architecture}, lp64d, static, musl",
            "compiler": compiler(),
            "packages": {name: versions[name] for name in (*tools, *self.packages)},
            "recipe": self.recipe,
        }


def compiler() -> str:
    cross = Path(subprocess.check_output([BOARD / "cross"], text=True).strip())
    gcc = cross / "cross/usr/bin/riscv64-linux-gnu-gcc-14"
    return subprocess.check_output([gcc, "--version"], text=True).splitlines()[0]


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def locked() -> dict[str, str]:
    """Versions in packages.lock."""
    rows = (line.split() for line in (BOARD / "packages.lock").read_text("utf-8").splitlines())
    return {row[1]: row[2] for row in rows if row and row[0] != "#"}


def programs() -> tuple[Program, Program]:
    source = (BOARD.parent / "src/base/version.h").read_text("utf-8")
    version = "".join(re.findall(r'DUO_VERSION "(.+)"', source))
    engine = BOARD.parent / "build/board/duollama"
    voice = subprocess.run(
        [BOARD.parent / "speech/voice", "--offline"], capture_output=True, text=True, check=False
    )
    speaker = Path(voice.stdout.strip()) / "duospeak" if voice.returncode == 0 else None
    return (
        Program(
            name="duollama",
            built=engine if engine.exists() else None,
            version=version,
            architecture="rv64gc_xtheadvector",
            recipe="make board",
            packages=("musl",),
        ),
        Program(
            name="duospeak",
            built=speaker,
            version=f"{version}, Flite 2.2, cmu_us_kal",
            architecture="rv64gc",
            recipe="make speech",
            packages=("musl", "flite"),
            licence=True,
        ),
    )


def check(program: Program) -> bool:
    """True if the package has the built program with a correct record; print the result."""
    if program.built is None:
        print(f"{program.name}: not built: `{program.recipe}` builds it")
        return False
    built, shipped = program.built, program.shipped
    record = shipped.with_suffix(".json")
    if not shipped.exists() or shipped.read_bytes() != built.read_bytes():
        state = "is not the package's: `make ship` puts it there"
    elif not record.exists() or json.loads(record.read_text("utf-8")) != program.record():
        state = f"{record.name} says another thing: `make ship` writes it"
    else:
        state = "is the package's"
    print(f"{program.name}: {built.stat().st_size} bytes, sha256 {sha256(built)}, {state}")
    return state == "is the package's"


def ship(program: Program) -> None:
    if program.built is None:
        sys.exit(f"{program.name}: not built: `{program.recipe}` builds it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(program.built, program.shipped)
    program.shipped.chmod(0o755)
    record = json.dumps(program.record(), indent=2) + "\n"
    program.shipped.with_suffix(".json").write_text(record, "utf-8")
    print(record, end="")
    if program.licence:
        shutil.copyfile(program.built.with_name("licence") / "COPYING", program.notice)


def main() -> None:
    parser = argparse.ArgumentParser(description="Put the board's programs into the package.")
    parser.add_argument("--check", action="store_true", help="only compare")
    if parser.parse_args().check:
        sys.exit(sum(not check(program) for program in programs()) > 0)
    for program in programs():
        ship(program)


if __name__ == "__main__":
    main()
