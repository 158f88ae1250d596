"""The best voice that is there: the board's, else this computer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duotui.base.clock import MonotonicClock
from duotui.judge.baseline import single_session
from duotui.speech.auto_tts import AutoTts
from duotui.speech.board_tts import BoardTts
from duotui.speech.tts import SilentTts, Utterance
from support.killable_duo import KillableDuo
from support.sessions import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from duotui.session.session import Session

VOICE_SCRIPT = """#!/bin/sh
read -r line || exit 0
echo "$line" >>"${0%/*}/said"
echo "S 0 0 80"
sleep 0.08
"""


class HostVoice(SilentTts):
    """This computer's voice, which takes note of its sentences."""

    def __init__(self, trouble: str = "") -> None:
        super().__init__(MonotonicClock(), 60_000)
        self.trouble = trouble
        self.spoken: list[str] = []

    async def speak(self, text: str, begun: object) -> None:
        self.spoken.append(text)


async def opened(voice: Path | None) -> Session:
    session = single_session(KillableDuo(voice=voice))
    watch = Watch(session)
    session.open()
    await watch.until(lambda state: state.board.ready is not None, 30)
    return session


def auto(session: Session, host: HostVoice) -> AutoTts:
    return AutoTts(session, BoardTts(session, MonotonicClock(), 60_000), host)


async def test_the_boards_voice_comes_first(tmp_path: Path) -> None:
    voice = tmp_path / "voice"
    voice.write_text(VOICE_SCRIPT)
    voice.chmod(0o755)
    session, host = await opened(voice), HostVoice("no sound card was found")
    tts = auto(session, host)
    spoken: list[Utterance] = []
    try:
        assert (tts.alone, tts.trouble) == (True, "")
        await tts.speak("Once upon a time.", spoken.append)
    finally:
        await session.close()
    assert (tmp_path / "said").read_text() == "Once upon a time.\n"
    assert len(spoken) == 1
    assert host.spoken == []


async def test_a_board_without_a_voice_leaves_it_to_the_computer() -> None:
    session, host = await opened(None), HostVoice()
    tts = auto(session, host)
    try:
        assert tts.alone is False
        await tts.speak("Once upon a time.", lambda _: None)
    finally:
        await session.close()
    assert (host.spoken, tts.trouble) == (["Once upon a time."], "")


async def test_without_any_voice_grown_ups_are_told() -> None:
    session = await opened(None)
    tts = auto(session, HostVoice("no sound card was found"))
    try:
        assert tts.trouble == (
            "the board has no voice, and this computer neither: no sound card was found"
        )
    finally:
        await session.close()


async def test_before_the_board_is_known_there_is_no_trouble() -> None:
    session = single_session(KillableDuo())
    assert auto(session, HostVoice("no sound card was found")).trouble == ""
    await session.close()


@pytest.mark.parametrize("choice", ["auto", "off", "host", "board"])
def test_each_choice_makes_its_voice(choice: str, capsys: pytest.CaptureFixture[str]) -> None:
    from duotui.cli import story_services
    from duotui.settings.parental_settings import ParentalSettings

    session = single_session(KillableDuo())
    tts = story_services._text_to_speech(session, ParentalSettings(voice=choice), MonotonicClock())
    kinds = {"auto": "AutoTts", "off": "SilentTts", "host": "EspeakTts", "board": "BoardTts"}
    assert type(tts).__name__ == kinds[choice]
    assert ParentalSettings().voice == "auto"
    said = capsys.readouterr().err
    assert said == "" or (choice == "auto" and said.startswith("only a board with a voice reads"))
