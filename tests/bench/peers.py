"""Benchmark against the peers llama2.c and llama.cpp, one thread each, in one run."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import engines
from comparison import megabytes, print_rates, print_ratios, run_rounds
from engine_runners import Request
from first_token import print_first_token
from process import last_core, pinned
from shape import ModelShape, read_shape


def compare_engines(
    options: Namespace, program: Path, model: Path, tokenizer: Path, folder: Path
) -> None:
    """Run the benchmark on `model`, a checkpoint of version 0."""
    shape, _ = read_shape(model)
    core = options.core if options.core is not None else last_core()
    print(f"{_described(shape)}, {megabytes(model)}; core {core}, {options.rounds} rounds in turns")
    ours = list(engines.ours(program, model, tokenizer, options.packed))
    runners = [
        *ours,
        *engines.llama2c(options.llama2c, model, tokenizer, folder),
        *engines.llama_cpp(options.llama_bench, model, tokenizer, shape.context, folder),
    ]
    steps = min(options.steps, shape.context)
    with pinned(core):
        for title, request in {
            "greedy": Request(steps),
            "-t 1.0 -p 0.9 -s 123": Request(steps, temperature=1.0),
        }.items():
            entered = [t for t in runners if request.temperature == 0 or t.samples]
            print(f"\n{title}, at most {steps} tokens after BOS, tok/s")
            rows = run_rounds(entered, request, options.rounds)
            print_rates(rows, ours[0], request)
            print_ratios(rows)
        print()
        print_first_token(runners, shape.context, options.rounds)


def _described(shape: ModelShape) -> str:
    return (
        f"dim {shape.dim}, hidden {shape.hidden}, {shape.layers} layers, {shape.heads} heads, "
        f"{shape.vocab} pieces"
    )
