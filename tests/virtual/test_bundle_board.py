"""Bundle of a judge session on the virtual Duo: unpacked, it runs as it stands."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.board.upload import upload
from duotui.targets.virtual_duo import prepared_card
from support.judge_command import judge

if TYPE_CHECKING:
    from pathlib import Path

    from duotui.targets.virtual_duo import VirtualMachine
    from support.fixture_types import StartBoard

pytestmark = pytest.mark.timeout(600)
REQUEST = ("--runs", "2", "--warm", "1", "-n", "40", "-s", "7", "-i", "One day, a cat's kitten")
BOARD_FOLDER = "/mnt/data/bundle"


def test_a_bundle_runs_on_the_board(
    machine: VirtualMachine, start: StartBoard, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    assert judge("sim", "--headless", "--bundle", bundle, *REQUEST).returncode == 0
    card = tmp_path / "card.img"
    subprocess.run(
        ["cp", "--sparse=always", prepared_card(resources.MODEL, resources.TOKENIZER), card],
        check=True,
    )
    with start(card=card) as duo:
        shell = duo.shell()
        shell.run(f"mkdir -p {BOARD_FOLDER}")
        script = f"{BOARD_FOLDER}/run30.sh"
        upload(shell, bundle / "run30.sh", script, MonotonicClock(), seconds=60)
        # the package's engine has the board's own vectors, which QEMU lacks
        shell.run(f"cp /mnt/data/duotui/duollama {BOARD_FOLDER}/duollama")
        refused = shell.ask(f"sh {script} 2>&1", 60)
        assert refused.status == 1
        assert "swap is on (/dev/zram0); swapoff -a turns it off" in refused.text
        shell.run("swapoff -a", 60)
        printed = shell.run(f"sh {script}", 300)
        assert "run 2 of 2: achieved tok/s: " in printed
        assert "mean of 2 runs: " in printed
        log = shell.run(f"cat {BOARD_FOLDER}/outputs.txt", 60)
    (tmp_path / "outputs.txt").write_text(log)
    prompt = ("-i", REQUEST[-1])
    result = judge(
        *("--outputs", tmp_path / "outputs.txt", "--baseline", bundle / "baseline.txt"),
        *("--headless", *prompt),
    )
    verdict = json.loads(result.stdout)
    assert (result.returncode, verdict["correctness"]["identical_runs"]) == (0, 2)
