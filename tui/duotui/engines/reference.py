"""The fp32 reference on this computer, asked about stories that are told already."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from duotui.core.events import Request
from duotui.engines.program import program
from duotui.errors import UsageError
from duotui.judge.agreement import Agreement, parse

LIKELY = 10
"""Ids beside each step, with their probabilities."""


def follow(
    model: Path,
    tokenizer: Path | None,
    request: Request,
    prompt: Sequence[int],
    told: Sequence[int],
    likely: int = LIKELY,
) -> Agreement:
    """What the reference would have taken at each step of `told`. `prompt`: its ids,
    BOS first. Raises UsageError where the model cannot have told it."""
    with tempfile.TemporaryDirectory(prefix="duotui-") as folder:
        ids = Path(folder) / "ids"
        ids.write_text(
            f"prompt: {' '.join(map(str, prompt))}\nout: {' '.join(map(str, told))}\n", "ascii"
        )
        done = subprocess.run(
            [
                *(str(program()), str(model), "--follow", str(ids), "--likely", str(likely)),
                *(["-z", str(tokenizer)] if tokenizer is not None else []),
                *("-t", str(request.temperature), "-p", str(request.top_p)),
                *("-s", str(request.seed)),
            ],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        line = (done.stderr.strip().splitlines() or ["the engine said nothing"])[-1]
        raise UsageError(line.removeprefix("duollama: "), "name the board's model with --model")
    return parse(done.stdout, len(prompt) - 1)
