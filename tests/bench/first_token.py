"""Time of a prompt until the first new token: batched where an engine can, and token by token.

Two times are printed. `prompt` is the time of the prompt's tokens after the first. It is the time
of a process that ends with the first new token, less that of a process that takes BOS alone and
ends with its first token. llama.cpp's is the difference of its own two prompt times. `process` is
the whole time of the former process, from its start, with loading the model and packing it, if the
mode does.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from comparison import WIDTH, in_turns
from engine_runners import EngineRunner, Llama2c, LlamaCpp, Request
from engines import refused
from process import run

TOKENS = 100
PROMPT_TEXT = (
    "Once upon a time there was a little girl who had a small red boat and a big brown dog. "
    "One day they went to the lake in the park to see if the boat could swim in the water. "
    "The dog ran to a tree and sat down in the sun, and the girl put the boat on the lake. "
    "Then the wind came and took the boat far away, and the girl was sad and began to cry. "
)


@dataclass
class PromptRow:
    name: str
    prompt: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)


def long_prompt(engine: Llama2c, tokens: int) -> Request:
    """Return the shortest start of the doubled PROMPT_TEXT that has `tokens` tokens with BOS."""
    words = 2 * PROMPT_TEXT.split()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ids"

        def encoded(count: int) -> Request:
            prompt = " ".join(words[:count])
            run([*engine.command, "-t", "0", "-n", "1", "-i", prompt, "--ids", file])
            (line,) = re.findall(r"prompt:(.*)", file.read_text())
            ids = tuple(map(int, line.split()))
            return Request(steps=len(ids), prompt=prompt, ids=ids)

        low, high = 1, len(words)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if len(encoded(middle).ids) >= tokens else (middle + 1, high)
        return encoded(low)


def print_first_token(engines: Sequence[EngineRunner], context: int, rounds: int) -> None:
    measure = next(engine for engine in engines if isinstance(engine, Llama2c) and engine.ours)
    request = long_prompt(measure, min(TOKENS, context // 2))
    accepted = list(_entered(engines))
    rows = [PromptRow(engine.name) for engine in accepted]
    for index in in_turns(rounds + 1, len(rows)):  # the first round warms up
        _measure(accepted[index], request, rows[index])
    title = f"first token of {len(request.ids)}, {rounds} rounds, ms"
    print(f"{title:<{WIDTH}}   prompt     best  process     best")
    for row in rows:
        cells = [_milliseconds(row.prompt[1:]), _milliseconds(row.process[1:])]
        print(f"{row.name:<{WIDTH}} {' '.join(cells)}")


def _entered(engines: Sequence[EngineRunner]) -> list[EngineRunner]:
    """Engines that accept a prompt, and our own token by token."""
    accepted: list[EngineRunner] = []
    reported = False
    for engine in engines:
        if isinstance(engine, (Llama2c, LlamaCpp)):
            accepted.append(engine)
        if not (isinstance(engine, Llama2c) and engine.ours):
            continue
        command = [*engine.command, "--prefill", "1"]
        if refusal := refused([*command, "-n", "1"]):
            if not reported:
                print(f"--prefill 1 is left out: {refusal}")
            reported = True
        else:
            accepted.append(Llama2c(f"{engine.name} --prefill 1", command))
    return accepted


def _measure(engine: EngineRunner, request: Request, row: PromptRow) -> None:
    if isinstance(engine, Llama2c):
        whole, first = engine.seconds(request), engine.seconds(Request(steps=1))
        row.prompt.append(1000 * (whole - first))
        row.process.append(1000 * whole)
    elif isinstance(engine, LlamaCpp):
        reply, _ = engine.answer(Request(1, prompt=request.prompt, ids=request.ids))
        row.prompt.append(float(reply["prompt_ms"]) - float(reply["first_ms"]))


def _milliseconds(times: list[float]) -> str:
    if not times:
        return f"{'-':>8} {'-':>8}"
    return f"{statistics.median(times):8.1f} {min(times):8.1f}"
