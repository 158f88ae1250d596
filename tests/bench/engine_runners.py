"""Engines of the benchmark, and the timing of each.

Only decoding is timed, from the end of the first token on:

- ours, run.c and runq.c: their own `achieved tok/s`; sampling, detokenising and writing included.
- llama.cpp: its server's own clock, from the first token sampled to the last; sampling,
  detokenising and the server's loop included.
- llama-bench: its own rate of decode calls on random tokens; nothing is sampled or written.
"""

from __future__ import annotations

import json
import re
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from process import peak_kilobytes, run

BOS = 1


@dataclass(frozen=True)
class Request:
    """Parameters of a story; `ids` is `prompt` encoded, BOS first."""

    steps: int
    temperature: float = 0.0
    prompt: str = ""
    ids: tuple[int, ...] = (BOS,)


@dataclass(frozen=True)
class RunResult:
    """Result of one run: `rate` in tokens a second, `share` of the core that it had."""

    rate: float
    story: bytes
    share: float


class EngineRunner(ABC):
    name: str
    ours = False
    samples = True  # like llama2.c: the same seed, the same story
    clean = True  # whole characters; run.c drops those of several byte tokens

    @abstractmethod
    def generate(self, request: Request) -> RunResult: ...

    @abstractmethod
    def memory(self, request: Request) -> str:
        """Peak memory, with its unit."""


class Llama2c(EngineRunner):
    """Program with llama2.c's command line: duollama, or llama2.c's own."""

    def __init__(self, name: str, command: list[str | Path], ours: bool = False) -> None:
        self.name, self.command = name, command
        self.ours = self.clean = ours

    def line(self, request: Request) -> list[str | Path]:
        options = [
            "-t",
            str(request.temperature),
            "-p",
            "0.9",
            "-s",
            "123",
            "-n",
            str(request.steps),
        ]
        return [*self.command, *options, *(["-i", request.prompt] if request.prompt else [])]

    def generate(self, request: Request) -> RunResult:
        process = run(self.line(request))
        (rate,) = re.findall(rb"achieved tok/s: ([0-9.]+|inf)", process.stderr)
        return RunResult(float(rate), process.stdout.strip(), process.share)

    def memory(self, request: Request) -> str:
        return f"{peak_kilobytes(self.line(request)) / 1024:.1f} MiB"

    def seconds(self, request: Request) -> float:
        """Time of the whole process."""
        return run(self.line(request)).seconds


class LlamaCpp(EngineRunner):
    samples = False

    def __init__(self, name: str, model: Path, context: int) -> None:
        self.name, self.model, self.context = name, model, context

    def answer(self, request: Request) -> tuple[dict[str, str | float], float]:
        """Reply of llamacpp.py, and its share of the core."""
        arguments = {
            "model": str(self.model),
            "context": self.context,
            "ids": request.ids,
            "steps": request.steps,
        }
        process = run(
            [sys.executable, Path(__file__).with_name("llamacpp.py"), json.dumps(arguments)]
        )
        return json.loads(process.stdout.splitlines()[-1]), process.share

    def generate(self, request: Request) -> RunResult:
        reply, share = self.answer(request)
        return RunResult(float(reply["rate"]), str(reply["text"]).strip().encode(), share)

    def memory(self, request: Request) -> str:
        reply, _ = self.answer(request)
        peak, before = float(reply["peak_kilobytes"]), float(reply["before_kilobytes"])
        return f"{peak / 1024:.1f} MiB, {before / 1024:.1f} before the model"


class LlamaBench(EngineRunner):
    """llama.cpp's own tool, as built by its user."""

    samples = False

    def __init__(self, name: str, program: Path, model: Path) -> None:
        self.name, self.program, self.model = name, program, model

    def line(self, request: Request) -> list[str | Path]:
        options = ["-t", "1", "-p", "0", "-n", str(request.steps), "-r", "1", "-fa", "off"]
        return [self.program, "-m", self.model, *options, "-o", "json"]

    def generate(self, request: Request) -> RunResult:
        process = run(self.line(request))
        (result,) = json.loads(process.stdout)
        return RunResult(float(result["avg_ts"]), b"", process.share)

    def memory(self, request: Request) -> str:
        return f"{peak_kilobytes(self.line(request)) / 1024:.1f} MiB"
