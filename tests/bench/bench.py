"""`make bench`: all speeds in one run, so that the lines can be compared.

    python tests/bench/bench.py [--llama2c FOLDER] [--model FILE --tokenizer FILE]
    python tests/bench/bench.py --peers [--random] [--llama2c FOLDER] [--packed FILE]

--llama2c is a checkout of karpathy/llama2.c. Its run.c is built into a temporary folder, with -O3
and with -Ofast -march=native, and alternates with duollama on the same checkpoint. Every figure is
the median of the rounds; the ratio is of the medians. The console's load is the processor time of a
real duotui on a real pty. It plays a recording made here, at a fixed number of tokens a second.

--peers runs the comparison of peers.py instead: all modes, llama2.c and llama.cpp. It needs `pip
install numpy gguf xllamacpp`, and omits the peers that are missing.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from fp32 import expand, is_version_2

from duotui.base import resources
from duotui.protocol import events
from duotui.protocol.events import Source
from duotui.protocol.request import Mode
from duotui.protocol.tokens import Token
from duotui.session.recording import Recorder
from duotui.targets.engine_binary import find_engine

STORY_OPTIONS = ["-t", "1.0", "-p", "0.9", "-s", "123", "-n", "256", "-i", "Once upon a time"]
CONSOLE_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--llama2c", type=Path, help="a checkout of karpathy/llama2.c")
    parser.add_argument("--model", type=Path, default=resources.CHECKPOINT)
    parser.add_argument("--tokenizer", type=Path, default=resources.TOKENIZER)
    parser.add_argument("--rounds", type=int, default=5)
    peers = parser.add_argument_group("the contest with the peers")
    peers.add_argument("--peers", action="store_true", help="hold it, and nothing else")
    peers.add_argument("--random", action="store_true", help="a random model of stories15M's shape")
    peers.add_argument(
        "--packed", type=Path, action="append", default=[], help="the model, as .duo"
    )
    peers.add_argument("--llama-bench", type=Path, help="llama.cpp's program of that name")
    peers.add_argument("--core", type=int, help="the core to stay on (the last)")
    peers.add_argument("--steps", type=int, default=200, help="tokens at most (200)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.peers:
            _peers(options, Path(folder))
            return
        _engines(options, Path(folder))
        for rate in (100, 500):
            print(f"{f'console at {rate} tok/s':<34} {_console(rate, Path(folder)):8.1f} % CPU")


def _engines(options: argparse.Namespace, folder: Path) -> None:
    model = _fp32(options.model, folder / "model.bin")
    engines = {"duollama --mode reference": str(find_engine())}
    if options.llama2c is not None:
        for name, flags in {"run.c -O3": "-O3", "run.c -Ofast": "-Ofast -march=native"}.items():
            engines[name] = str(folder / name.replace(" ", ""))
            source = options.llama2c / "run.c"
            subprocess.run(
                ["cc", *flags.split(), "-o", engines[name], str(source), "-lm"], check=True
            )
    rates: dict[str, list[float]] = {name: [] for name in engines}
    stories = {}
    for _ in range(options.rounds):
        for name, engine in engines.items():
            result = subprocess.run(
                [engine, str(model), "-z", str(options.tokenizer), *STORY_OPTIONS],
                capture_output=True,
                check=True,
            )
            (rate,) = re.findall(rb"achieved tok/s: ([0-9.]+)", result.stderr)
            rates[name].append(float(rate))
            stories[name] = result.stdout
    ours = statistics.median(rates["duollama --mode reference"])
    for name, values in rates.items():
        middle, spread = statistics.median(values), max(values) - min(values)
        print(f"{name:<34} {middle:8.1f} tok/s  +-{spread / 2:.1f}  ours is {ours / middle:.2f} x")
    same = len(set(stories.values())) == 1
    print(f"the stories are {'the same' if same else 'DIFFERENT'}: {len(stories)} engines")


def _peers(options: argparse.Namespace, folder: Path) -> None:
    from peers import compare_engines

    model, tokenizer = folder / "model.bin", options.tokenizer
    if options.random:
        try:
            from random_model import write_random
        except ImportError as missing:
            sys.exit(f"--random is not possible: {missing}; pip install numpy")
        write_random(model)
        if options.llama2c is not None:
            tokenizer = options.llama2c / "tokenizer.bin"  # stories15M's tokenizer
    else:
        model = _fp32(options.model, model)
    compare_engines(options, find_engine(), model, tokenizer, folder)


def _fp32(model: Path, target: Path) -> Path:
    """Convert `model` to version 0, which run.c reads."""
    data = model.read_bytes()
    if not is_version_2(data):
        return model
    target.write_bytes(expand(data))
    return target


def _console(rate: int, folder: Path) -> float:
    """Percent of one core that the console takes while `rate` tok/s stream in."""
    recording = folder / f"{rate}.jsonl"
    recorder = Recorder(recording)
    for event in _stream(rate):
        recorder.write(event)
    recorder.close()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    master, slave = os.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "duotui", "replay", str(recording)],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", "LINES": "40", "COLUMNS": "120"},
        start_new_session=True,
    )
    os.close(slave)
    threading.Timer(CONSOLE_SECONDS + 2, os.write, (master, b"\x11")).start()
    while True:
        try:
            os.read(master, 65536)
        except OSError:
            break
    child.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 100 * used / (CONSOLE_SECONDS + 2)


def _stream(rate: int) -> Iterator[events.Event]:
    board, count = Source.BOARD, rate * CONSOLE_SECONDS
    yield events.LinkUp(0.0, board, "sim", "bench")
    yield events.RunStarted(
        0.0,
        board,
        story=1,
        prompt="Once",
        mode=Mode.REFERENCE,
        steps=count,
        temperature=1.0,
        top_p=0.9,
        seed=1,
        clock=0,
        ids=(1, 2),
    )
    per_batch = max(1, rate // 30)
    for first in range(0, count, per_batch):
        numbers = range(first, min(count, first + per_batch))
        tokens = tuple(Token(n, n % 500, " word", n * 10**6 // rate, 0.5) for n in numbers)
        yield events.Tokens(numbers[-1] / rate, board, tokens)


if __name__ == "__main__":
    main()
