"""The engine's program on this computer, asked about stories that a board told: what the fp32
reference thinks of them, and what they cost."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from duotui.base.child_process import ChildFailed, run_program
from duotui.base.errors import UsageError
from duotui.protocol.request import Request
from duotui.scoring.teacher_forcing import Agreement, parse_steps
from duotui.targets.engine_binary import find_engine

CANDIDATES = 10
"""Ids beside each step, with their probabilities."""


def teacher_force(
    model: Path,
    tokenizer: Path | None,
    request: Request,
    prompt: Sequence[int],
    told: Sequence[int],
    likely: int = CANDIDATES,
) -> Agreement:
    """Ask what the reference would have taken at each step of `told`. `prompt`: its ids,
    BOS first. Raises UsageError where the model cannot have told it."""
    with tempfile.TemporaryDirectory(prefix="duotui-") as folder:
        ids = Path(folder) / "ids"
        ids.write_text(
            f"prompt: {' '.join(map(str, prompt))}\nout: {' '.join(map(str, told))}\n", "ascii"
        )
        options = ["--follow", str(ids), "--likely", str(likely), "--mode", str(request.mode)]
        said = _run(model, tokenizer, request, options).stdout
    return parse_steps(said, len(prompt) - 1)


def weight_bytes(model: Path, tokenizer: Path | None, request: Request) -> float:
    """Bytes of weights that telling `request` by mode exact or fast reads a token, in the mean:
    counted here, and the same anywhere. Raises UsageError where it cannot be told."""
    options = ["--mode", str(request.mode), "-n", str(request.steps), "-i", request.prompt]
    said = _run(model, tokenizer, request, [*options, "--statistics"]).stderr
    found = re.search(r"weight bytes per token: (\d+)", said)
    if found is None:
        raise UsageError("the engine does not count what it reads", "make engine builds it")
    return float(found[1])


def _run(
    model: Path, tokenizer: Path | None, request: Request, options: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    command = [str(find_engine()), str(model), *options]
    if tokenizer is not None:
        command += ["-z", str(tokenizer)]
    command += ["-t", str(request.temperature), "-p", str(request.top_p), "-s", str(request.seed)]
    try:
        return run_program(command)
    except ChildFailed as error:
        message = str(error).removeprefix("duollama: ") or "the engine said nothing"
        raise UsageError(message, "name the board's model with --model") from error
