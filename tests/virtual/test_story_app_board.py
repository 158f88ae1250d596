"""Story screen on the virtual Duo: its cable is unplugged, and its button is pressed.

The child gets another story meanwhile, and then the rest of the first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from duotui.story import fallback_stories
from duotui.story.view_state import Step
from support.board_faults import BoardRig
from support.story_services import FastTts, new_controller, new_services

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duotui.story.controller import StoryController

pytestmark = pytest.mark.timeout(600)

PATIENCE = 300.0


async def until(shown: StoryController, condition: Callable[[], bool]) -> None:
    news = asyncio.Event()
    shown.subscribe(news.set)
    while not condition():
        await asyncio.wait_for(news.wait(), PATIENCE)
        news.clear()


async def run_surprise(
    rig: BoardRig, folder: Path, lose: Callable[[], None] | None
) -> tuple[StoryController, FastTts]:
    """Run one surprise story to its end; in its middle, `lose` takes the board away."""
    tts = FastTts(pace=3000)
    services, session = new_services(rig.channel(), folder, seed=11, tts=tts)
    shown = new_controller(services)
    lost = False

    def watch(state: object, _batch: object) -> None:
        nonlocal lost
        board = session.state.board
        if lose is not None and not lost and len(board.tokens) > board.prompt_steps + 20:
            assert board.running
            lost = True
            lose()

    session.subscribe(watch)
    shown.open()
    shown.surprise()
    await until(
        shown, lambda: shown.view.step is Step.THE_END or (lost and shown.view.fallback_playing)
    )
    if lose is not None:
        assert shown.view.fallback_playing
        assert shown.view.board_away
        if not rig.cable.host_path:
            rig.cable.plug()
        await until(shown, lambda: shown.view.step is Step.THE_END)
    await shown.close()
    return shown, tts


async def test_the_rest_of_the_same_story_comes_after_a_loss(rig: BoardRig, tmp_path: Path) -> None:
    calm, _ = await run_surprise(rig, tmp_path / "calm", None)
    expected = calm.view.sentences
    assert len(expected) > 5
    fallbacks = {sentence for story in fallback_stories.stories() for sentence in story.sentences}
    for name, lose in (("pulled", rig.cable.unplug), ("reset", rig.board.reset)):
        shown, tts = await run_surprise(rig, tmp_path / name, lose)
        assert shown.view.sentences == expected
        assert [sentence for sentence in tts.sentences if sentence not in fallbacks] == list(
            expected
        )
        assert fallbacks & set(tts.sentences)
