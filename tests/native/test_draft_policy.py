"""Where a round of speculative decoding stops drafting."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.c_program import SANITIZED, compile_c
from support.engine import NATIVE

HERE = Path(__file__).parent
MAX_DRAFTS, RETRY = 7, 16
SURE, UNSURE = "0.9", "0.0001"
CHEAP, DEAR = ("1e6", "20e6"), ("20e6", "20e6")
"""Bytes of a draft and of a verification."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [HERE / "draft_policy.c", NATIVE / "src/infer/draft_policy.c"]
    return compile_c(*SANITIZED, *sources, out=tmp_path_factory.mktemp("policy") / "policy")


def drafts(program: Path, costs: tuple[str, str], rounds: list[tuple[int, list[str]]]) -> list[int]:
    """Numbers of drafts of `rounds`, each the accepted drafts and the margins."""
    lines = "".join(f"{accepted} {' '.join(margins)}\n" for accepted, margins in rounds)
    result = subprocess.run(
        [program, *costs], input=lines, capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stderr == ""
    return [int(line) for line in result.stdout.split()]


def test_sure_drafts_go_on_and_an_unsure_one_is_the_last(program: Path) -> None:
    rounds = [(7, [SURE] * 9), (7, [SURE, SURE, UNSURE, SURE]), (7, [UNSURE, SURE])]
    assert drafts(program, CHEAP, rounds) == [MAX_DRAFTS, 3, 1]


def test_dear_drafts_are_tried_again_now_and_then(program: Path) -> None:
    made = drafts(program, DEAR, [(1, [SURE] * 9)] * (3 * RETRY))
    assert [index + 1 for index, count in enumerate(made) if count] == [
        *(RETRY, 2 * RETRY, 3 * RETRY)
    ]


def test_it_learns_from_drafts_that_are_rejected_and_recovers(program: Path) -> None:
    rejected = drafts(program, CHEAP, [(0, [SURE] * 9)] * 400)
    assert rejected[0] == MAX_DRAFTS
    assert sum(rejected[-100:]) <= 100 / RETRY * 2
    again = drafts(program, CHEAP, [(0, [SURE] * 9)] * 400 + [(7, [SURE] * 9)] * 4000)
    assert again[-1] > 1


@given(
    rounds=st.lists(
        st.tuples(
            st.integers(0, MAX_DRAFTS),
            st.lists(st.sampled_from(["0", "-1", "1e-9", "0.5", "1e30", "inf", "nan"]), max_size=9),
        ),
        max_size=40,
    )
)
def test_no_margin_makes_more_drafts_than_fit(
    program: Path, rounds: list[tuple[int, list[str]]]
) -> None:
    made = drafts(program, CHEAP, rounds)
    assert len(made) == len(rounds)
    assert all(0 <= count <= MAX_DRAFTS for count in made)
