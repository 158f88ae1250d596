"""Story from the virtual Duo as a user gets it: from power-on to the last word."""

from __future__ import annotations

import array
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.board_profile import MemoryLayout
from duotui.base.errors import NotReady
from duotui.board.agent_launcher import BOARD_FOLDER, start_agent
from duotui.board.checks import check_board
from duotui.protocol.events import EndReason, Regenerated, Source
from duotui.protocol.request import Mode, Request
from duotui.targets.virtual_duo import VirtualDuo, prepared_card
from support.fixture_types import port_of
from support.scripted_model import write_scripted_model
from support.sessions import Watch, new_session, over

if TYPE_CHECKING:
    from pathlib import Path

    from duotui.targets.virtual_duo import VirtualMachine
    from support.fixture_types import StartBoard

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def card(machine: VirtualMachine) -> Path:
    return prepared_card(resources.MODEL, resources.TOKENIZER)


@pytest.fixture
def own_card(card: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "--sparse=always", card, tmp_path / "card.img"], check=True)
    return tmp_path / "card.img"


@pytest.mark.usefixtures("card", "default_card")
def test_tells_the_identical_story() -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "duotui", "tell", "--port", "virtual", "--mode", "exact"),
            *("--check", "--json", "-n", "60", "Once upon a time"),
        ],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["identical"] is True
    assert len(summary["ids"]) == 60


def test_the_agent_that_a_killed_host_left_is_found_again(
    start: StartBoard, own_card: Path
) -> None:
    with start(card=own_card) as duo:
        start_agent(duo.spawn.transport)
        start_agent(duo.spawn.transport)


def test_fits_into_the_stock_image(start: StartBoard, own_card: Path) -> None:
    with start(MemoryLayout.STOCK, card=own_card) as duo:
        start_agent(duo.spawn.transport)


def test_a_board_without_it_is_said(start: StartBoard) -> None:
    with start() as duo, pytest.raises(NotReady, match=f"no {BOARD_FOLDER}/duollama"):
        start_agent(duo.spawn.transport)


def test_what_keeps_it_from_starting_is_said(start: StartBoard, own_card: Path) -> None:
    with start(card=own_card) as duo:
        shell = duo.shell()
        shell.run(f"dd if=/dev/zero of={BOARD_FOLDER}/story.duo bs=1k count=1")
        with pytest.raises(NotReady, match=r"does not start; 'story\.duo' is not"):
            start_agent(duo.spawn.transport)


def test_setup_makes_a_board_from_its_box_tell(
    start: StartBoard, engine: Path, tmp_path: Path
) -> None:
    """Setup over the line, then a story from the board; a second setup sends nothing."""
    words = [b" once", b" upon", b" a", b" time"]
    model, tokenizer = write_scripted_model(tmp_path, words, 200)
    model_options = ("--model", model, "--tokenizer", tokenizer)
    with start() as duo:
        assert duo.find() is not None  # it has started
        port = port_of(duo.spawn)
        duo.spawn.transport.close()

        def duotui(*arguments: str | Path) -> str:
            result = subprocess.run(
                [sys.executable, "-m", "duotui", *arguments],
                capture_output=True,
                text=True,
                timeout=250,
                stdin=subprocess.DEVNULL,
            )
            assert result.returncode == 0, result.stderr
            return result.stdout

        first = duotui("setup", port, *model_options, "--engine", engine, "--yes")
        assert first.count("to send") == 7
        assert "no voice is sent" in first
        assert "100%" in first
        assert first.splitlines()[-1].startswith("ready: ")
        settings = ("--mode", "exact", "--check", "-t", "0", "-n", "30", "")
        story = duotui("tell", "--port", port, *model_options, *settings)
        assert story.startswith("once upon a time")
        assert (
            duotui("setup", port, *model_options, "--engine", engine, "--yes").count("is there")
            == 7
        )


def test_no_card_is_said(machine: VirtualMachine, tmp_path: Path) -> None:
    board = VirtualDuo(tmp_path / "missing.img")
    with pytest.raises(NotReady, match="does not start"):
        board.start()
    board.close()


@pytest.mark.parametrize("memory", [MemoryLayout.STOCK, MemoryLayout.FREED])
def test_doctor_says_what_a_board_from_its_box_lacks(
    start: StartBoard, memory: MemoryLayout
) -> None:
    with start(memory) as duo:
        findings = {finding.link: finding for finding in check_board(duo.shell())}
        assert findings["memory"].right is (True if memory is MemoryLayout.FREED else None)
        assert (findings["board"].right, findings["sound"].right) == (True, None)
        assert findings["swap"].what == "on: /dev/zram0 (128 MB)"
        assert (
            findings["storyteller"].mend
            == findings["model"].mend
            == "on this computer: duotui setup"
        )


def test_doctor_finds_nothing_where_nothing_is_wrong(
    start: StartBoard, own_card: Path, tmp_path: Path
) -> None:
    with start(card=own_card, sound=tmp_path / "speaker.wav") as duo:
        shell = duo.shell()
        shell.run("swapoff -a")
        findings = list(check_board(shell))
        wrong = [finding for finding in findings if finding.right is False]
        assert not wrong
        assert findings[-1].right is None
        assert "only you can hear" in findings[-1].what
        heard = [finding.what for finding in check_board(shell, tone=True)]
        assert "a tone of a second was played" in heard[-1]
        shell.run(f"printf x | dd of={BOARD_FOLDER}/story.duo bs=1 seek=70000 conv=notrunc")
        assert {finding.link for finding in check_board(shell) if finding.right is False} == {
            "model"
        }
        shell.run(f"mv {BOARD_FOLDER}/voice {BOARD_FOLDER}/quiet")
        sound = next(finding for finding in check_board(shell) if finding.link == "sound")
        assert (sound.right, sound.mend) == (False, "on this computer: duotui setup")
        assert "no voice" in sound.what
    assert any(tone_in(tmp_path / "speaker.wav"))


def tone_in(recorded: Path) -> list[int]:
    """Samples that are not silent, of what a virtual Duo's loudspeaker recorded."""
    return [sample for sample in array.array("h", recorded.read_bytes()[44:]) if sample]


async def test_a_machine_that_hangs_is_replaced_and_the_story_goes_on(own_card: Path) -> None:
    board = VirtualDuo(own_card)
    session = new_session(board)
    watch = Watch(session)
    try:
        session.generate(Request(mode=Mode.EXACT, steps=60))
        await watch.until(lambda s: len(s.board.tokens) > 10, 120)
        assert board.process is not None
        hangs = board.process.pid
        os.kill(hangs, signal.SIGSTOP)
        state = await watch.until(lambda s: over(s, Source.BOARD), 200)
        assert state.board.ended is not None
        assert state.board.ended.reason is EndReason.STEPS
        assert [event for event in watch.events_seen if isinstance(event, Regenerated)]
        with pytest.raises(ProcessLookupError):
            os.kill(hangs, 0)
    finally:
        await session.close()
