"""Check the wheels of `make wheels`: python native/wheels/check.py dist

Each wheel has the tags of its platform, RECORD's hashes, and an executable engine for that
processor (static, on Linux). Each has the packed default model, and not the files that it was
packed from. Prints a line for each file; on an error, one line and exit status 1.
"""

import base64
import csv
import hashlib
import struct
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from hook import TARGETS, Target

ENGINE = "duotui/native/build/duollama"
WANTED = {
    "duotui/data/stories.duo",
    "duotui/data/board/duollama",
    "duotui/native/cflags",
    "duotui/native/src/cli/main.c",
}
UNWANTED = {"stories.bin", "tokenizer.bin", "stories.model"}

EM = {"x86_64": 62, "aarch64": 183}
"""Processor numbers of ELF."""

CPU_TYPE = {"x86_64": 0x01000007, "aarch64": 0x0100000C}
"""Processor numbers of Mach-O."""

PT_INTERP, LC_CODE_SIGNATURE = 3, 0x1D


def check(condition: bool, message: str) -> None:
    if not condition:
        sys.exit(message)


def engine_kind(data: bytes) -> str:
    """Format and processor, "linux aarch64" for example, and the engine's system requirements."""
    if data[:4] == b"\x7fELF":
        (machine,) = struct.unpack_from("<H", data, 18)
        offset, size, count = (
            *struct.unpack_from("<Q", data, 32),
            *struct.unpack_from("<HH", data, 54),
        )
        kinds = {struct.unpack_from("<I", data, offset + size * i)[0] for i in range(count)}
        name = {number: name for name, number in EM.items()}[machine]
        return f"linux {name}" + (", dynamic" if PT_INTERP in kinds else ", static")
    magic, cpu = struct.unpack_from("<II", data)
    check(magic == 0xFEEDFACF, "the engine is neither ELF nor Mach-O of 64 bits")
    (count,) = struct.unpack_from("<I", data, 16)
    at, commands = 32, set()
    for _ in range(count):
        command, size = struct.unpack_from("<II", data, at)
        commands.add(command)
        at += size
    name = {number: name for name, number in CPU_TYPE.items()}[cpu]
    return f"macos {name}" + (", signed" if LC_CODE_SIGNATURE in commands else ", unsigned")


def expected_kind(target: Target) -> str:
    machine = target.triple.partition("-")[0]
    if target.linux:
        return f"linux {machine}, static"
    # macOS runs no ARM64 program without a signature
    return f"macos {machine}, signed" if machine == "aarch64" else f"macos {machine}"


def check_wheel(path: Path) -> str:
    """Summarize a wheel's contents. Its name has the tags."""
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        record = next(name for name in names if name.endswith(".dist-info/RECORD"))
        for name, digest, _ in csv.reader(wheel.read(record).decode().splitlines()):
            if digest:
                actual = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest())
                check(digest == f"sha256={actual.decode().rstrip('=')}", f"{path}: {name} differs")
        check(names >= WANTED, f"{path} lacks {', '.join(sorted(WANTED - names))}")
        extra = [name for name in names if PurePosixPath(name).name in UNWANTED]
        check(not extra, f"{path} has {', '.join(extra)}")
        tags = path.stem.partition("-py3-none-")[2]
        metadata = wheel.read(record.replace("RECORD", "WHEEL")).decode().splitlines()
        listed = {
            line.removeprefix("Tag: py3-none-") for line in metadata if line.startswith("Tag: ")
        }
        check(listed == set(tags.split(".")), f"{path}: WHEEL has the tags {', '.join(listed)}")
        if tags == "any":
            check(ENGINE not in names, f"{path} has an engine")
            return "sources"
        target = next((target for target in TARGETS.values() if target.tags == tags), None)
        if target is None:
            sys.exit(f"{path}: no platform has the tags {tags}")
        check(ENGINE in names, f"{path} has no engine")
        check(wheel.getinfo(ENGINE).external_attr >> 16 & 0o777 == 0o755, f"{path}: engine's mode")
        kind = engine_kind(wheel.read(ENGINE))
        check(kind.startswith(expected_kind(target)), f"{path}: its engine is {kind}")
        return f"engine {kind}"


def check_sdist(path: Path) -> str:
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    expected = {"pyproject.toml", "native/wheels/hook.py", "native/cflags", "themes"}
    lacking = sorted(name for name in expected if not any(n.startswith(name) for n in names))
    check(not lacking, f"{path} lacks {', '.join(lacking)}")
    return "sources, tests and docs"


def main() -> None:
    folder = Path(sys.argv[1])
    wheels = sorted(folder.glob("*.whl"))
    check(len(wheels) == 1 + len(TARGETS), f"{folder} has {len(wheels)} wheels")
    for path in wheels:
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {check_wheel(path)}")
    for path in folder.glob("*.tar.gz"):
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {check_sdist(path)}")


if __name__ == "__main__":
    main()
