"""Story screen on the virtual Duo: its cable is unplugged, and its button is pressed.

The child gets another story meanwhile, and then the rest of the first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from duotui.story import fallback_stories
from duotui.story.view_state import Step
from support.board_faults import Scene
from support.story_services import Hurried, new_controller, new_services

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duotui.story.controller import StoryController

pytestmark = pytest.mark.timeout(600)

PATIENCE = 300.0


async def until(shown: StoryController, wanted: Callable[[], bool]) -> None:
    news = asyncio.Event()
    shown.subscribe(news.set)
    while not wanted():
        await asyncio.wait_for(news.wait(), PATIENCE)
        news.clear()


async def told(
    scene: Scene, folder: Path, lose: Callable[[], None] | None
) -> tuple[StoryController, Hurried]:
    """Run one surprise story to its end; in its middle, `lose` takes the board away."""
    reader = Hurried(pace=3000)
    made, session = new_services(scene.channel(), folder, seed=11, reader=reader)
    shown = new_controller(made)
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
        if not scene.cable.host_path:
            scene.cable.plug()
        await until(shown, lambda: shown.view.step is Step.THE_END)
    await shown.close()
    return shown, reader


async def test_the_rest_of_the_same_story_comes_after_a_nap(scene: Scene, tmp_path: Path) -> None:
    calm, _ = await told(scene, tmp_path / "calm", None)
    whole = calm.view.sentences
    assert len(whole) > 5
    naps = {sentence for story in fallback_stories.stories() for sentence in story.sentences}
    for name, lose in (("pulled", scene.cable.unplug), ("reset", scene.board.reset)):
        shown, reader = await told(scene, tmp_path / name, lose)
        assert shown.view.sentences == whole
        assert [sentence for sentence in reader.said if sentence not in naps] == list(whole)
        assert naps & set(reader.said)
