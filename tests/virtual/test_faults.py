"""Faults of a board, its cable and its host, once each; `make fire` has hundreds."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from support.board_faults import BOARD_FAULTS, BoardRig, Fault
from support.environment_faults import ENVIRONMENT_FAULTS
from support.fault_run import expected, run_story, send

if TYPE_CHECKING:
    from pathlib import Path


FAULTS = BOARD_FAULTS + ENVIRONMENT_FAULTS
pytestmark = pytest.mark.timeout(600)

STORY_BYTES, FILE_BYTES, FILE_SIZE = 3_000, 1_500, 20_000
MOST_ATTEMPTS = 5
"""Attempts until a fault strikes."""


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
async def test_a_story_is_whole_and_the_same(
    rig: BoardRig, kind: type[Fault], tmp_path: Path
) -> None:
    ids = expected(5, tmp_path)
    for number in itertools.count():
        assert number < MOST_ATTEMPTS
        fault = kind(rig, random.Random(number), STORY_BYTES)
        outcome = await run_story(rig, fault, 5, ids)
        assert outcome.right
        if fault.struck:
            break
    with rig.shell() as shell:
        assert shell.ask("pidof duollama").status == 1


@pytest.mark.parametrize(
    "kind", [kind for kind in FAULTS if kind.in_a_push], ids=lambda kind: kind.__name__
)
def test_a_file_arrives_whole(rig: BoardRig, kind: type[Fault], tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(4).randbytes(FILE_SIZE))
    for number in itertools.count():
        assert number < MOST_ATTEMPTS
        fault = kind(rig, random.Random(number), FILE_BYTES)
        assert send(rig, fault, source, "/mnt/data/under-fire").right
        if fault.struck:
            break
