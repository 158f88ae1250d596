"""Scores of a board's stories by the engine on this computer: the choices of the fp32 reference,
and the weights read per token."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from duotui.base.child_process import ChildFailed, run_program
from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.protocol.request import Request
from duotui.scoring.teacher_forcing import Agreement, parse_steps
from duotui.targets.engine_binary import find_engine

CANDIDATES = 10
"""Candidate ids for each step, with their probabilities."""


def teacher_force(
    model: Path,
    tokenizer: Path | None,
    request: Request,
    prompt: Sequence[int],
    story: Sequence[int],
    likely: int = CANDIDATES,
) -> Agreement:
    """Return the reference's choice at each step of `story`, by teacher forcing. `story` and
    `prompt` are token ids, the prompt's with BOS first. Raises UsageError if the model cannot have
    generated the story."""
    with tempfile.TemporaryDirectory(prefix="duotui-") as folder:
        ids = Path(folder) / "ids"
        ids.write_text(
            f"prompt: {' '.join(map(str, prompt))}\nout: {' '.join(map(str, story))}\n", "ascii"
        )
        options = ["--follow", str(ids), "--likely", str(likely), "--mode", str(request.mode)]
        output = _run(model, tokenizer, request, options).stdout
    return parse_steps(output, len(prompt) - 1)


def weight_bytes(model: Path, tokenizer: Path | None, request: Request) -> float:
    """Return the mean bytes of weights read per token to generate `request` in mode exact or fast.
    The count is the same on any machine. Raises UsageError if the story cannot be generated."""
    options = ["--mode", str(request.mode), "-n", str(request.steps), "-i", request.prompt]
    output = _run(model, tokenizer, request, [*options, "--statistics"]).stderr
    match = re.search(r"weight bytes per token: (\d+)", output)
    if match is None:
        raise UsageError(_("the engine does not count what it reads"), _("make engine builds it"))
    return float(match[1])


def _run(
    model: Path, tokenizer: Path | None, request: Request, options: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    command = [str(find_engine()), str(model), *options]
    if tokenizer is not None:
        command += ["-z", str(tokenizer)]
    command += [
        "-t",
        str(request.temperature),
        "-p",
        str(request.top_p),
        "--seed",
        str(request.seed),
    ]
    try:
        return run_program(command)
    except ChildFailed as error:
        message = str(error).removeprefix("duollama: ") or _("the engine said nothing")
        raise UsageError(message, _("name the board's model with --model")) from error
