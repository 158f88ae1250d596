"""Writer of tui/duotui/protocol/limits.py, from native/src/base/limits.h.

python native/limits.py            write it
python native/limits.py --check    only compare it; status 1 if it differs
"""

import re
import sys
from pathlib import Path

NATIVE = Path(__file__).resolve().parent
HEADER = NATIVE / "src/base/limits.h"
MODULE = NATIVE.parent / "tui/duotui/protocol/limits.py"

HEAD = '"""The limits of a request and of the wire, written from native/src/base/limits.h."""\n'


def module_text(header: str) -> str:
    """Return the module for a header. Raises ValueError if a #define is not understood."""
    lines = [HEAD]
    for line in re.findall(r"^#define (?!DUO_)\w.*$", header, re.M):
        match = re.fullmatch(r"#define (\w+) ([\d.e]+)U? +// (.+)", line)
        if match is None:
            raise ValueError(line)
        name, value, description = match.groups()
        lines.append(f'{name} = {value}\n"""{description[0].upper()}{description[1:]}."""\n')
    return "\n".join(lines)


def main() -> int:
    text = module_text(HEADER.read_text("utf-8"))
    if "--check" in sys.argv[1:]:
        return int(MODULE.read_text("utf-8") != text)
    MODULE.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
