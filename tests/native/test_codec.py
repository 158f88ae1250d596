"""C codec, built with sanitizers, over the shared vectors and over hostile bytes."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from support.c_program import SANITIZED, compile_c
from support.engine import NATIVE
from support.paths import ROOT

HERE = Path(__file__).parent
VECTORS = [
    line.split("\t")
    for line in (ROOT / "tests/vectors/frames.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
FRAME_VECTORS = {line[0]: line for line in VECTORS if line[1] != "noise"}


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [HERE / "codec.c", NATIVE / "src/agent/frame.c", NATIVE / "src/base/crc32.c"]
    return compile_c(*SANITIZED, *sources, out=tmp_path_factory.mktemp("codec") / "codec")


def run(codec: Path, *lines: str) -> list[str]:
    result = subprocess.run(
        [codec], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.parametrize("name", FRAME_VECTORS)
def test_a_vector_is_decoded_and_encoded(codec: Path, name: str) -> None:
    _, kind, seq, payload, data, _ = FRAME_VECTORS[name]
    decoded, again, noise = run(codec, data)
    assert decoded == f"{int(kind, 16)} {seq} {'' if payload == '-' else payload}"
    assert again == f"again {data}"
    assert noise == "noise 0"


@pytest.mark.parametrize("line", [v for v in VECTORS if v[1] == "noise"], ids=lambda v: v[0])
def test_noise_is_counted_and_frames_in_it_are_found(codec: Path, line: list[str]) -> None:
    expected = json.loads(line[5])
    *decoded, noise = run(codec, line[4])
    payloads = [FRAME_VECTORS[name][3].replace("-", "") for name in expected["frames"]]
    assert [one.split(" ")[2] for one in decoded if not one.startswith("again")] == payloads
    assert noise == f"noise {expected['noise']}"


def test_bytes_of_any_kind_are_noise_or_frames(codec: Path) -> None:
    rng = random.Random(5)
    lines = [rng.randbytes(rng.randrange(9000)).hex() for _ in range(200)]
    lines += [bytes([rng.choice([0, 1, 2, 255]) for _ in range(3000)]).hex() for _ in range(200)]
    for line in list(FRAME_VECTORS.values())[:40]:
        data = bytearray.fromhex(line[4])
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        lines.append(data.hex())
    assert len([one for one in run(codec, *lines) if one.startswith("noise")]) == len(lines)
