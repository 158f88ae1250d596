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
from support.killable_duo import KillableDuo
from support.story_services import AFTERNOON, new_controller, new_services

VOICE_SCRIPT = """#!/bin/sh
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
    path.write_text(VOICE_SCRIPT)
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
    simulated = single_session(KillableDuo(voice=voice))
    await ready(simulated)
    yield simulated
    await simulated.close()


def board_tts(session: Session) -> BoardTts:
    return BoardTts(session, MonotonicClock(), 60_000)


async def test_a_sentence_is_said_and_its_words_are_marked(session: Session, voice: Path) -> None:
    spoken: list[Utterance] = []
    tts = board_tts(session)
    await tts.speak("Once upon a time.", spoken.append)
    assert [(mark.start, mark.end) for mark in spoken[0].marks] == [(0, 4), (5, 9)]
    assert spoken[0].length == pytest.approx(0.08)
    assert (voice.parent / "said").read_text() == "Once upon a time.\n"
    assert tts.position() == 0
    assert tts.trouble == ""


async def test_it_is_as_loud_as_is_settled(session: Session, voice: Path) -> None:
    tts = board_tts(session)
    for volume in (0.8, 0.4, 0.0, 1.0):
        tts.configure(60_000, volume)
        await tts.speak("Once upon a time.", lambda _: None)
    assert tts.trouble == ""
    assert (voice.parent / "loud").read_text().split() == ["80", "40", "0", "100"]


async def test_the_time_of_day_sets_the_volume_of_the_boards_voice(
    tmp_path: Path, voice: Path
) -> None:
    child = ParentalSettings(name="Lily", volume=70, volume_night=20)
    for wall in (AFTERNOON, AFTERNOON.replace(hour=22)):
        services, session = new_services(
            SimulatedDuo(voice=voice), tmp_path, wall=partial(AFTERNOON.replace, hour=wall.hour)
        )
        shown = new_controller(replace(services, tts=board_tts(session)), child)
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
    tts, started = board_tts(session), asyncio.Event()
    speech = asyncio.create_task(tts.speak("Once upon.", lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 30)
    first = tts.position()
    assert 0 <= first < 5
    (voice.parent / "hold").unlink()
    await speech
    assert tts.position() == 0


async def test_who_is_cancelled_is_silent_and_says_the_next_one(
    session: Session, voice: Path
) -> None:
    (voice.parent / "hold").touch()
    tts, started = board_tts(session), asyncio.Event()
    speech = asyncio.create_task(tts.speak("Once upon.", lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 30)
    speech.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speech
    assert not session.state.board.speaking
    (voice.parent / "hold").unlink()
    spoken: list[Utterance] = []
    await asyncio.wait_for(tts.speak("A time.", spoken.append), 30)
    assert spoken[-1].text == "A time."


async def test_a_broken_loudspeaker_keeps_time_and_says_why(session: Session, voice: Path) -> None:
    (voice.parent / "broken").touch()
    spoken: list[Utterance] = []
    tts = board_tts(session)
    await tts.speak("Once upon a time.", spoken.append)
    assert len(spoken[0].marks) == 4  # the marks of the silent voice
    assert "no loudspeaker" in tts.trouble


async def test_a_board_without_a_voice_keeps_time() -> None:
    session = single_session(SimulatedDuo())
    await ready(session)
    spoken: list[Utterance] = []
    tts = board_tts(session)
    await tts.speak("Once upon a time.", spoken.append)
    assert len(spoken[0].marks) == 4
    assert tts.trouble == "the board has no voice"
    await session.close()


async def test_a_board_that_is_lost_in_a_sentence_keeps_time(voice: Path) -> None:
    (voice.parent / "hold").touch()
    board = KillableDuo(voice=voice)
    session = single_session(board)
    await ready(session)
    spoken: list[Utterance] = []

    def begun(speech: Utterance) -> None:
        spoken.append(speech)
        if len(spoken) == 1:
            board.kill()

    tts = board_tts(session)
    await asyncio.wait_for(tts.speak("Once upon a time.", begun), 30)
    assert [len(speech.marks) for speech in spoken] == [2, 4]
    await session.close()


async def test_a_whole_story_is_told_first_and_then_said(tmp_path: Path, voice: Path) -> None:
    services, session = new_services(SimulatedDuo(voice=voice), tmp_path)
    speaker = BoardTts(session, MonotonicClock(), 60_000)
    shown = new_controller(replace(services, tts=speaker))
    news = asyncio.Event()
    telling_while_said: list[bool] = []

    def watch() -> None:
        news.set()
        if session.state.board.speaking:
            telling_while_said.append(session.state.board.running)

    shown.subscribe(watch)
    shown.open()
    shown.surprise()
    view: StoryViewState = shown.view
    while view.step is not Step.THE_END:
        await asyncio.wait_for(news.wait(), 60)
        news.clear()
        view = shown.view
    assert (voice.parent / "said").read_text().splitlines() == list(view.sentences)
    assert telling_while_said
    assert not any(telling_while_said)
    await shown.close()
