"""duollama as built for the Duo: llama2.c's stories under emulators, its size, its calls.

No emulator is a Duo: QEMU 5.2 runs the board's very program, with its vectors, on another kernel.
docs/performance.md says what that proves.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from duotui.base import resources
from support.emulators import (
    BOARD_FOLDER,
    GUESTS,
    MISSING_CALLS,
    STORIES_PER_MODEL,
    Guest,
    build,
    find_tools,
)
from support.engine import NATIVE, Engine
from support.engine_cases import (
    GOLDEN_PROMPTS,
    GOLDEN_SETTINGS,
    REAL_MODELS,
    assert_exact_is_reference,
)
from support.simd_programs import assert_kernels_are_near

# Limit for a hang; it says nothing of the computer's speed or load.
pytestmark = pytest.mark.timeout(3600)

SIMD_CHECK = Path(__file__).with_name("simd_check.c")
EQUAL_MODES = ["reference", "exact"]  # those whose ids are llama2.c's

MOST_BYTES = 300_000


@pytest.fixture(scope="session")
def tools() -> Path:
    folder = find_tools()
    if isinstance(folder, str):
        pytest.skip(folder)
    return folder


@pytest.fixture(scope="session")
def builds(tools: Path) -> dict[str, Path]:
    return {target: build(BOARD_FOLDER, target) for target in ("board", "rv64gcv", "rv64gc")}


@pytest.fixture(scope="session", params=GUESTS)
def guest(request: pytest.FixtureRequest, tools: Path, builds: dict[str, Path]) -> Guest:
    target, emulator, *options = GUESTS[request.param]
    return Guest(builds[target], (tools / emulator, *options))


@pytest.mark.parametrize("mode", EQUAL_MODES)
@pytest.mark.parametrize("setting", GOLDEN_SETTINGS)
@pytest.mark.parametrize("prompt", GOLDEN_PROMPTS)
def test_tells_llama2c_story(
    guest: Guest, shared: Path, tmp_path: Path, prompt: str, setting: str, mode: str
) -> None:
    golden = shared / "golden/stories260K" / f"{prompt}.{setting}.ids"
    models = shared / "models"
    result = guest.run(
        models / "stories260K.bin",
        "-z",
        models / "tok512.bin",
        "--mode",
        mode,
        *GOLDEN_SETTINGS[setting],
        "-i",
        GOLDEN_PROMPTS[prompt],
        "--ids",
        tmp_path / "ids",
    )
    assert result.returncode == 0, result.stderr.decode()
    assert (tmp_path / "ids").read_bytes() == golden.read_bytes()


def test_kernels_compute_what_they_should(guest: Guest, tmp_path: Path) -> None:
    """Test the build's own sets: gcc's vectors would fuse operations that must round."""
    build = guest.path.parent
    kernels = build / "src/kernels"
    objects = [kernels / "int_matrix.o", kernels / "ops_f32.o", *kernels.glob("simd*.o")]
    program = tmp_path / "simd_check"
    plain = ("-std=c11", "-O2", "-march=rv64gc", "-ffp-contract=off", f"-I{NATIVE / 'src'}")
    subprocess.run(
        [BOARD_FOLDER / "compiler", *plain, "-o", program, SIMD_CHECK, *objects, "-lm"], check=True
    )
    result = Guest(program, guest.emulator).run()
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()
    assert_kernels_are_near(
        result.stdout.decode(), ["scalar"] if build.name == "rv64gc" else ["rvv", "scalar"]
    )


@pytest.mark.timeout(36000)
@pytest.mark.parametrize("name", REAL_MODELS)
def test_tells_the_reference_from_a_packed_file(
    guest: Guest, shipped: Engine, tmp_path: Path, name: str
) -> None:
    """Generate from a file that was packed on this computer, as a board does. The ids are this
    computer's."""
    assert_exact_is_reference(guest, shipped, name, STORIES_PER_MODEL, tmp_path)


@pytest.mark.parametrize("serve", [(), ("serve",)], ids=["story", "agent"])
def test_makes_no_call_that_the_kernel_lacks(
    guest: Guest, shared: Path, serve: tuple[str, ...]
) -> None:
    models = shared / "models"
    traced = guest.traced().run(
        *serve,
        models / "stories260K.bin",
        "-z",
        models / "tok512.bin",
        *(() if serve else ("-n", "4")),
    )
    calls = set(re.findall(r"^\d+ (\w+)\(", traced.stderr.decode(errors="replace"), re.M))
    assert "mmap" in calls
    assert not calls & MISSING_CALLS.keys()


@pytest.mark.parametrize("target", ["board", "rv64gcv", "rv64gc"])
def test_holds_no_call_that_the_kernel_lacks(
    tools: Path, builds: dict[str, Path], target: str
) -> None:
    """Search musl's own code too: free() unmaps and does not advise, as Debian builds it."""
    numbers = set()
    number = None
    for line in disassemble(tools, builds[target]):
        if loaded := re.search(r"\tli\ta7,(\d+)$", line):
            number = int(loaded[1])
        elif line.endswith("\tecall"):
            numbers.add(number)
    assert {63, 64, 222, 215} & numbers  # read, write, mmap, munmap: this finds calls
    assert not numbers & set(MISSING_CALLS.values())


def test_keeps_no_vectors_in_memory(tools: Path, builds: dict[str, Path]) -> None:
    """Reject spilled vectors: gcc then asks for their length in a way that 0.7.1 lacks."""
    listing = disassemble(tools, builds["board"])
    assert any("th.vwmacc" in line for line in listing)
    assert not [line for line in listing if "vlenb" in line]


def disassemble(tools: Path, program: Path) -> list[str]:
    objdump = tools / "cross/usr/bin/riscv64-linux-gnu-objdump"
    listing = subprocess.run([objdump, "-d", program], capture_output=True, text=True, check=True)
    return [line.rstrip() for line in listing.stdout.splitlines()]


def test_is_small(builds: dict[str, Path]) -> None:
    assert max(path.stat().st_size for path in builds.values()) <= MOST_BYTES


# A path that another user may have. A header that does not compile is reported by its includer.
OTHER_ENVIRONMENT = {
    "CFLAGS": "-O0",
    "LDFLAGS": "-g",
    "CC": "false",
    "CPATH": "headers",
    "C_INCLUDE_PATH": "headers",
    "LIBRARY_PATH": "headers",
    "GCC_EXEC_PREFIX": "headers/",
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Asia/Tokyo",
    "USER": "another",
    "SOURCE_DATE_EPOCH": "1",
    "MAKEFLAGS": "-j8",
}


def test_is_the_same_from_any_folder(
    builds: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    headers = tmp_path / "headers"
    headers.mkdir()
    for name in ("stdint.h", "stdio.h", "math.h"):
        (headers / name).write_text("#error another header\n")
    for name, value in OTHER_ENVIRONMENT.items():
        monkeypatch.setenv(name, value.replace("headers", str(headers)))
    for part in ("src", "board"):
        shutil.copytree(NATIVE / part, elsewhere / part)
    for name in ("Makefile", "cflags"):
        shutil.copyfile(NATIVE / name, elsewhere / name)
    before = os.umask(0o077)
    try:
        again = build(elsewhere / "board", "board")
    finally:
        os.umask(before)
    assert sha256(again) == sha256(builds["board"])


def test_is_what_the_package_ships(builds: dict[str, Path]) -> None:
    """`make ship` copies it there."""
    record = json.loads(resources.BOARD.with_name("duollama.json").read_text())
    assert sha256(builds["board"]) == sha256(resources.BOARD) == record["sha256"]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
