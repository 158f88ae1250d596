"""The C codec: built under the sanitizers and run over the shared vectors."""
import subprocess
from pathlib import Path

import agent_peer
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
VECTORS = HERE.parent / "vectors" / "frames.txt"
PARTS = ["frame", "message", "window", "sha256"]


def test_c_codec(tmp_path):
    program = tmp_path / "test_frames"
    sources = [HERE / "test_frames.c"] + [ROOT / "native/src" / f"{part}.c" for part in PARTS]
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-O1",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                    "-o", program, *sources], check=True)
    ran = subprocess.run([program, VECTORS], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_vectors_have_every_message_and_event():
    lines = [line.split("\t") for line in VECTORS.read_text().splitlines() if line[0] != "#"]
    assert {int(line[1], 16) for line in lines if line[1] != "noise"} >= set(agent_peer.NAMES)
    assert all(any(f'"kind": {kind},' in line[5] for line in lines) for kind in agent_peer.BODIES)


def test_payload_is_bounded_by_the_frame():
    with pytest.raises(ValueError):
        agent_peer.Splitter.read(agent_peer.stuff(bytes(4096 + 8)))
