"""Faults of a board, its cable and its host, once each; tests/bench/under_fire.py has hundreds."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from support.board_faults import FAULTS, Fault, Scene
from support.fault_run import expected, send, tell

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.timeout(600)

STORY_BYTES, FILE_BYTES, FILE_SIZE = 3_000, 1_500, 20_000
TRIES = 5
"""Attempts until a fault strikes."""


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
async def test_a_story_is_whole_and_the_same(
    scene: Scene, kind: type[Fault], tmp_path: Path
) -> None:
    ids = expected(5, tmp_path)
    for number in itertools.count():
        assert number < TRIES
        fault = kind(scene, random.Random(number), STORY_BYTES)
        outcome = await tell(scene, fault, 5, ids)
        assert outcome.right
        if fault.struck:
            break
    with scene.shell() as shell:
        assert shell.ask("pidof duollama").status == 1


@pytest.mark.parametrize(
    "kind", [kind for kind in FAULTS if kind.in_a_push], ids=lambda kind: kind.__name__
)
def test_a_file_arrives_whole(scene: Scene, kind: type[Fault], tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(4).randbytes(FILE_SIZE))
    for number in itertools.count():
        assert number < TRIES
        fault = kind(scene, random.Random(number), FILE_BYTES)
        assert send(scene, fault, source, "/mnt/data/under-fire").right
        if fault.struck:
            break
