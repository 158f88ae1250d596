"""Fuzz the Python side of the link: frame decoder, message parser, agent client.

    PYTHONPATH=tests python tests/bench/fuzz_python.py --runs 10000000

An execution is one mutated input for one target. The inputs begin with the vectors of the C and the
Python codec, and with the conversations of an agent that lies. `--seed` repeats a campaign. A
finding names its execution; with one, the exit status is 1.
"""

import argparse
import bisect
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from duotui.protocol.fields import MalformedPayload
from duotui.protocol.frames import Frame, FrameDecoder, NoiseBytes
from duotui.protocol.messages import parse_message
from support.agent_trial import Trial, run_trial
from support.lying_agent import Liar, frame_bytes
from support.paths import VECTORS

SHARES = {"frames": 0.60, "messages": 0.395, "client": 0.005}
"""Part of the executions of each target. A client's execution is a whole conversation."""

BLOCK = 10_000
"""Executions of one seed."""

SMALL_BYTES, LARGE_SHARE = 200, 0.01
"""Size of a small input, and the part of the executions that begin with a larger one."""


@dataclass
class Tally:
    """Executions of each target, and the places of the findings with one execution each."""

    executions: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        self.executions += other.executions
        self.findings.update(other.findings)


def seeds() -> list[bytes]:
    """Return the bytes of every vector, with its delimiters."""
    lines = (VECTORS / "frames.txt").read_text("utf-8").splitlines()
    columns = [line.split("\t") for line in lines if line and not line.startswith("#")]
    rows = [row[4] for row in columns if row[1] != "noise"]
    return sorted((bytes.fromhex(row) for row in rows if row not in ("", "-")), key=len)


def chosen(rng: random.Random, corpus: list[bytes]) -> bytes:
    """Return one of the corpus, which has the small ones first. Large ones are slow."""
    small = bisect.bisect(corpus, SMALL_BYTES, key=len)
    return rng.choice(corpus[small:] if rng.random() < LARGE_SHARE else corpus[:small])


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Return `data` with some bytes changed, left out, repeated or added."""
    out = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(5):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                del out[at : at + rng.randrange(1, 9)]
            case 2:
                out[at:at] = out[at : at + rng.randrange(1, 40)]
            case 3:
                out[at:at] = rng.randbytes(rng.randrange(1, 9))
            case _:
                out[at : at + 1] = rng.choice((b"\0", b"\xff", b"\0\0", b"\x01"))
    return bytes(out)


def fuzz_frames(rng: random.Random, corpus: list[bytes]) -> None:
    """Decode a stream of frames in pieces. Nothing is lost, and nothing gathers."""
    data = mutated(rng, chosen(rng, corpus) + chosen(rng, corpus))
    decoder, items, cut = FrameDecoder(), [], rng.randrange(len(data) + 1)
    for piece in (data[:cut], data[cut:], b"\0"):
        items += decoder.feed(piece)
    noise = sum(len(item.data) for item in items if isinstance(item, NoiseBytes))
    assert noise <= len(data)
    assert decoder.pending == 0
    for item in items:
        if isinstance(item, Frame):
            parse(item.type, item.payload)


def fuzz_messages(rng: random.Random, corpus: list[bytes]) -> None:
    """Parse a mutated payload, which a CRC vouches for."""
    (item, *_) = FrameDecoder().feed(chosen(rng, corpus))
    if isinstance(item, Frame):
        kind = item.type if rng.random() < 0.9 else rng.randrange(256)
        parse(kind, mutated(rng, item.payload))


def parse(kind: int, payload: bytes) -> None:
    """Parse a payload. What is accepted must be packed into the same size again."""
    try:
        message = parse_message(kind, payload)
    except MalformedPayload:
        return
    message.payload()


def fuzz_client(rng: random.Random, _corpus: list[bytes]) -> None:
    """Hold a conversation with an agent that lies, or on a line that spoils what it says."""
    if rng.random() < 0.7:
        run_trial(rng, rounds=2)
        return
    trial, decoder = Trial(), FrameDecoder()
    trial.greet()
    said = b"".join(frame_bytes(seq, m) for seq, m in enumerate(Liar(rng).conversation()))
    trial.receive_items(decoder.feed(mutated(rng, said) + b"\0"))
    trial.send()
    trial.finish()


TARGETS: dict[str, Callable[[random.Random, list[bytes]], None]] = {
    "frames": fuzz_frames,
    "messages": fuzz_messages,
    "client": fuzz_client,
}


def block(seed: int) -> Tally:
    """Do BLOCK executions, and return what happened."""
    rng, corpus, tally = random.Random(seed), seeds(), Tally()
    for name, share in SHARES.items():
        for number in range(round(BLOCK * share)):
            tally.executions[name] += 1
            try:
                TARGETS[name](rng, corpus)
            except Exception as error:
                frame = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{name}: {type(error).__name__} at {frame.filename}:{frame.lineno}"
                tally.findings[place] = f"block {seed}, execution {number}: {error}"
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description="fuzz the Python side of the link")
    parser.add_argument("--runs", type=int, default=100_000, help="executions (100000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--seed", type=int, default=1, help="of the first block (1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    total, started = Tally(), time.monotonic()
    blocks = range(options.seed, options.seed - (-options.runs // BLOCK))
    with multiprocessing.Pool(options.jobs) as pool:
        for done, tally in enumerate(pool.imap_unordered(block, blocks), 1):
            total.add(tally)
            took = time.monotonic() - started
            if done % 20 == 0 or done == len(blocks):
                count = sum(total.executions.values())
                print(
                    f"{count} executions, {took:.0f} s, {len(total.findings)} findings", flush=True
                )
            if took > options.seconds:
                pool.terminate()
                break
    print(dict(total.executions))
    for place, first in total.findings.items():
        print(f"{place}\n    {first}")
    return 1 if total.findings else 0


if __name__ == "__main__":
    sys.exit(main())
