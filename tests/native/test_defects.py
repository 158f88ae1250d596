"""Detection and location of defects in an engine by the judge, without false alarms.

200 cases. tests/native/defect.c generates the stories, which are judged like a board's.
"""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from duotui.base import resources
from duotui.protocol.request import Mode, Request
from duotui.scoring.run import Run
from duotui.scoring.verdict import Baseline, Verdict
from duotui.targets.reference_scorer import teacher_force
from support.c_program import compile_c
from support.engine import NATIVE

CASES, STEPS = 200, 64
PROMPT_IDS = (1, 430, 445, 261, 405)
"""Ids of BOS and "Once upon a time", the default prompt."""

KINDS = ("none", "weight", "row", "seed", "bit")
DEFECT_SOURCES = (
    "base/failure",
    "kernels/ops_f32",
    "model/checkpoint",
    "model/config",
    "infer/sampler",
    "infer/transformer",
)

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class DefectCase:
    kind: str
    where: int
    when: int
    seed: int

    def request(self) -> Request:
        return Request(mode=Mode.REFERENCE, seed=self.seed, steps=STEPS)


@pytest.fixture(scope="module")
def defect(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [NATIVE / f"src/{name}.c" for name in DEFECT_SOURCES]
    program = tmp_path_factory.mktemp("defect") / "defect"
    return compile_c("-O3", Path(__file__).with_name("defect.c"), *sources, out=program)


def generated(defect: Path, case: DefectCase) -> Run:
    result = subprocess.run(
        [
            defect,
            resources.CHECKPOINT,
            case.kind,
            str(case.where),
            str(case.when),
            str(case.seed),
            str(STEPS),
            *map(str, PROMPT_IDS),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split() for line in result.stdout.splitlines()]
    ids = tuple(int(id_) for id_, _ in rows)
    return Run(
        counted=True,
        ids=ids,
        text="",
        rate=1.0,
        first=0.0,
        peak=0,
        faults=0,
        probabilities=tuple(float(p) for _, p in rows),
    )


def judged(run: Run, right: Run, case: DefectCase) -> Verdict:
    request = case.request()
    agreement = teacher_force(resources.MODEL, resources.TOKENIZER, request, PROMPT_IDS, run.ids, 0)
    baseline = Baseline("reference", "", right.ids)
    return Verdict("defect", request, (run,), baseline, agreement=agreement)


def cases() -> list[DefectCase]:
    rng = random.Random(15)
    result = []
    for number in range(CASES):
        kind = KINDS[number % len(KINDS)]
        seed = rng.randrange(1, 2**32)
        result.append(
            DefectCase(kind, rng.randrange(1 << 40), rng.randrange(len(PROMPT_IDS), 40), seed)
        )
    return result


def test_two_hundred_engines_are_judged_right(defect: Path) -> None:
    by_words = dict.fromkeys(KINDS, 0)
    for case in cases():
        right = generated(defect, DefectCase("none", 0, 0, case.seed))
        if case.kind == "row":  # of a word of the story: the others may never be computed
            word = right.ids[len(PROMPT_IDS) + case.where % (len(right.ids) - len(PROMPT_IDS))]
            case = DefectCase("row", word, case.when, case.seed)
        run = generated(defect, case)
        verdict = judged(run, right, case)
        pairs = enumerate(zip(run.ids, right.ids, strict=False))
        first = next((index for index, (a, b) in pairs if a != b), None)
        if first is None and len(run.ids) != len(right.ids):
            first = min(len(run.ids), len(right.ids))
        assert (verdict.identical, verdict.difference) == (first is None, first), case
        by_words[case.kind] += first is not None
        steps = verdict.agreement.steps if verdict.agreement else ()
        disagreed = [index for index, step in enumerate(steps) if step.id != step.taken]
        if case.kind == "none":
            assert (first, verdict.doubt, disagreed) == (None, None, []), case
        elif case.kind == "seed":
            # it computes each word correctly, and sampled others than this seed would
            assert verdict.doubt is None, case
            assert first is None or first in disagreed, case
        else:
            doubted = [] if verdict.doubt is None else [verdict.doubt]
            detected = min([*disagreed, *doubted], default=None)
            assert detected is not None, case
            assert case.kind != "bit" or detected >= case.when, case
            assert first is None or detected <= first, case
    assert by_words["none"] == 0
    # some defects change no word, and must be detected all the same
    assert all(by_words[kind] for kind in ("weight", "row", "seed", "bit"))
    print(f"\nof {CASES // len(KINDS)} each, told another story: {by_words}")
