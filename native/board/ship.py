"""Put the board's program into the package, with its hash and how it was made.

    python native/board/ship.py            copy native/build/board/duollama, write its record
    python native/board/ship.py --check    only say whether the two are the same

`make ship` builds it first. The record's hash is that of the copy, so a user can see that what
goes to the board is what the recipe gives.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

BOARD = Path(__file__).resolve().parent
BUILT = BOARD.parent / "build/board/duollama"
FOLDER = BOARD.parent.parent / "tui/duotui/data/board"


def record(program: Path) -> dict[str, object]:
    tools = Path(subprocess.check_output([BOARD / "tools"], text=True).strip())
    gcc = tools / "cross/usr/bin/riscv64-linux-gnu-gcc-14"
    version = (BOARD.parent / "src/version.h").read_text()
    return {
        "program": "duollama " + "".join(re.findall(r'DUO_VERSION "(.+)"', version)),
        "sha256": hashlib.sha256(program.read_bytes()).hexdigest(),
        "bytes": program.stat().st_size,
        "architecture": "rv64gc_xtheadvector, lp64d, static, musl",
        "compiler": subprocess.check_output([gcc, "--version"], text=True).splitlines()[0],
        "recipe": "make board",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Put the board's program into the package.")
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args()
    shipped, facts = FOLDER / "duollama", FOLDER / "duollama.json"
    if options.check:
        same = shipped.exists() and shipped.read_bytes() == BUILT.read_bytes()
        digest = hashlib.sha256(BUILT.read_bytes()).hexdigest()
        state = "is the package's" if same else "is not the package's: `make ship` puts it there"
        print(f"{BUILT.stat().st_size} bytes, sha256 {digest}, {state}")
        sys.exit(not same)
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(BUILT, shipped)
    shipped.chmod(0o755)
    facts.write_text(json.dumps(record(shipped), indent=2) + "\n")
    print(facts.read_text(), end="")


if __name__ == "__main__":
    main()
