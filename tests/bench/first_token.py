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

from contest import WIDTH, in_turns
from entrants import refused
from process import run
from tellers import Llama2c, LlamaCpp, Request, Teller

TOKENS = 100
TEXT = (
    "Once upon a time there was a little girl who had a small red boat and a big brown dog. "
    "One day they went to the lake in the park to see if the boat could swim in the water. "
    "The dog ran to a tree and sat down in the sun, and the girl put the boat on the lake. "
    "Then the wind came and took the boat far away, and the girl was sad and began to cry. "
)


@dataclass
class Row:
    name: str
    prompt: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)


def long_prompt(teller: Llama2c, tokens: int) -> Request:
    """Request with the shortest start of TEXT, twice over, that has `tokens` tokens with BOS."""
    words = 2 * TEXT.split()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ids"

        def encoded(count: int) -> Request:
            prompt = " ".join(words[:count])
            run([*teller.command, "-t", "0", "-n", "1", "-i", prompt, "--ids", file])
            (line,) = re.findall(r"prompt:(.*)", file.read_text())
            ids = tuple(map(int, line.split()))
            return Request(steps=len(ids), prompt=prompt, ids=ids)

        low, high = 1, len(words)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if len(encoded(middle).ids) >= tokens else (middle + 1, high)
        return encoded(low)


def print_first_token(tellers: Sequence[Teller], context: int, rounds: int) -> None:
    measure = next(teller for teller in tellers if isinstance(teller, Llama2c) and teller.ours)
    request = long_prompt(measure, min(TOKENS, context // 2))
    entered = list(_entered(tellers))
    rows = [Row(teller.name) for teller in entered]
    for index in in_turns(rounds + 1, len(rows)):  # the first round warms up
        _measure(entered[index], request, rows[index])
    title = f"first token of {len(request.ids)}, {rounds} rounds, ms"
    print(f"{title:<{WIDTH}}   prompt     best  process     best")
    for row in rows:
        cells = [_milliseconds(row.prompt[1:]), _milliseconds(row.process[1:])]
        print(f"{row.name:<{WIDTH}} {' '.join(cells)}")


def _entered(tellers: Sequence[Teller]) -> list[Teller]:
    """Engines that accept a prompt, and our own token by token."""
    entered: list[Teller] = []
    said = False
    for teller in tellers:
        if isinstance(teller, (Llama2c, LlamaCpp)):
            entered.append(teller)
        if not (isinstance(teller, Llama2c) and teller.ours):
            continue
        command = [*teller.command, "--prefill", "1"]
        if refusal := refused([*command, "-n", "1"]):
            if not said:
                print(f"--prefill 1 is left out: {refusal}")
            said = True
        else:
            entered.append(Llama2c(f"{teller.name} --prefill 1", command))
    return entered


def _measure(teller: Teller, request: Request, row: Row) -> None:
    if isinstance(teller, Llama2c):
        whole, first = teller.seconds(request), teller.seconds(Request(steps=1))
        row.prompt.append(1000 * (whole - first))
        row.process.append(1000 * whole)
    elif isinstance(teller, LlamaCpp):
        found, _ = teller.answer(Request(1, prompt=request.prompt, ids=request.ids))
        row.prompt.append(float(found["prompt_ms"]) - float(found["first_ms"]))


def _milliseconds(times: list[float]) -> str:
    if not times:
        return f"{'-':>8} {'-':>8}"
    return f"{statistics.median(times):8.1f} {min(times):8.1f}"
