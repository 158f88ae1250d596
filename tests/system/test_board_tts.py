"""Sentences of the story screen spoken by the board: on its clock, or silently without a voice."""

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from duotui.base.clock import MonotonicClock
from duotui.judge.baseline import single_session
from duotui.session.session import Session
from duotui.settings.parental_settings import ParentalSettings
from duotui.speech.board_tts import BoardTts
from duotui.speech.tts import Utterance
from duotui.story.view_state import Step, StoryViewState
from duotui.targets.simulator import SimulatedDuo
from support.killable_duo import Mortal
from support.story_services import AFTERNOON, new_controller, new_services

VOICE = """#!/bin/sh
cd "${0%/*}"
read -r line || exit 0
echo "$line" >>said
echo "$1" >>loud
[ -e broken ] && { echo "no loudspeaker"; exit 1; }
echo "W 0 0 0 4"
echo "W 0 40 5 4"
echo "S 0 0 80"
sleep 0.08
while [ -e hold ]; do sleep 0.02; done
"""
"""Script that speaks a sentence in 80 ms, and pauses while a file of that name exists."""


@pytest.fixture
def voice(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "voice"
    path.write_text(VOICE)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    yield path
    # an agent that was killed waits for that
    (tmp_path / "hold").unlink(missing_ok=True)


async def ready(session: Session) -> None:
    news = asyncio.Event()
    session.subscribe(lambda _state, _batch: news.set())
    session.open()
    while session.state.board.ready is None:
        await asyncio.wait_for(news.wait(), 30)
        news.clear()


@pytest.fixture
async def session(voice: Path) -> AsyncIterator[Session]:
    made = single_session(Mortal(voice=voice))
    await ready(made)
    yield made
    await made.close()


def reader(session: Session) -> BoardTts:
    return BoardTts(session, MonotonicClock(), 60_000)


async def test_a_sentence_is_said_and_its_words_are_marked(session: Session, voice: Path) -> None:
    found: list[Utterance] = []
    made = reader(session)
    await made.say("Once upon a time.", found.append)
    assert [(mark.start, mark.end) for mark in found[0].marks] == [(0, 4), (5, 9)]
    assert found[0].length == pytest.approx(0.08)
    assert (voice.parent / "said").read_text() == "Once upon a time.\n"
    assert made.position() == 0
    assert made.trouble == ""


async def test_it_is_as_loud_as_is_settled(session: Session, voice: Path) -> None:
    made = reader(session)
    for volume in (0.8, 0.4, 0.0, 1.0):
        made.configure(60_000, volume)
        await made.say("Once upon a time.", lambda _: None)
    assert made.trouble == ""
    assert (voice.parent / "loud").read_text().split() == ["80", "40", "0", "100"]


async def test_the_hour_of_the_day_is_heard_in_the_boards_voice(
    tmp_path: Path, voice: Path
) -> None:
    child = ParentalSettings(name="Lily", volume=70, volume_night=20)
    for wall in (AFTERNOON, AFTERNOON.replace(hour=22)):
        made, session = new_services(
            SimulatedDuo(voice=voice), tmp_path, wall=partial(AFTERNOON.replace, hour=wall.hour)
        )
        shown = new_controller(replace(made, tts=reader(session)), child)
        news = asyncio.Event()
        shown.subscribe(news.set)
        shown.open()
        shown.surprise()
        while shown.view.step is not Step.THE_END:
            await asyncio.wait_for(news.wait(), 60)
            news.clear()
        await shown.close()
    loud = (voice.parent / "loud").read_text().split()
    assert (loud[0], loud[-1], set(loud)) == ("70", "20", {"70", "20"})


async def test_position_is_the_boards_play_clock(session: Session, voice: Path) -> None:
    (voice.parent / "hold").touch()
    made, begun = reader(session), asyncio.Event()
    said = asyncio.create_task(made.say("Once upon.", lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    first = made.position()
    assert 0 <= first < 5
    (voice.parent / "hold").unlink()
    await said
    assert made.position() == 0


async def test_who_is_cancelled_is_silent_and_says_the_next_one(
    session: Session, voice: Path
) -> None:
    (voice.parent / "hold").touch()
    made, begun = reader(session), asyncio.Event()
    said = asyncio.create_task(made.say("Once upon.", lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 30)
    said.cancel()
    with pytest.raises(asyncio.CancelledError):
        await said
    assert not session.state.board.speaking
    (voice.parent / "hold").unlink()
    found: list[Utterance] = []
    await asyncio.wait_for(made.say("A time.", found.append), 30)
    assert found[-1].text == "A time."


async def test_a_broken_loudspeaker_keeps_time_and_says_why(session: Session, voice: Path) -> None:
    (voice.parent / "broken").touch()
    found: list[Utterance] = []
    made = reader(session)
    await made.say("Once upon a time.", found.append)
    assert len(found[0].marks) == 4  # the marks of the silent voice
    assert "no loudspeaker" in made.trouble


async def test_a_board_without_a_voice_keeps_time() -> None:
    session = single_session(SimulatedDuo())
    await ready(session)
    found: list[Utterance] = []
    made = reader(session)
    await made.say("Once upon a time.", found.append)
    assert len(found[0].marks) == 4
    assert made.trouble == "the board has no voice"
    await session.close()


async def test_a_board_that_is_lost_in_a_sentence_keeps_time(voice: Path) -> None:
    (voice.parent / "hold").touch()
    board = Mortal(voice=voice)
    session = single_session(board)
    await ready(session)
    found: list[Utterance] = []

    def begun(said: Utterance) -> None:
        found.append(said)
        if len(found) == 1:
            board.kill()

    made = reader(session)
    await asyncio.wait_for(made.say("Once upon a time.", begun), 30)
    assert [len(said.marks) for said in found] == [2, 4]
    await session.close()


async def test_a_whole_story_is_told_first_and_then_said(tmp_path: Path, voice: Path) -> None:
    made, session = new_services(SimulatedDuo(voice=voice), tmp_path)
    speaker = BoardTts(session, MonotonicClock(), 60_000)
    shown = new_controller(replace(made, tts=speaker))
    news = asyncio.Event()
    telling_while_said: list[bool] = []

    def watch() -> None:
        news.set()
        if session.state.board.speaking:
            telling_while_said.append(session.state.board.running)

    shown.subscribe(watch)
    shown.open()
    shown.surprise()
    scene: StoryViewState = shown.view
    while scene.step is not Step.THE_END:
        await asyncio.wait_for(news.wait(), 60)
        news.clear()
        scene = shown.view
    assert (voice.parent / "said").read_text().splitlines() == list(scene.sentences)
    assert telling_while_said
    assert not any(telling_while_said)
    await shown.close()
