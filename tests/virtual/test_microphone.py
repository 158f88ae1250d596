"""Virtual Duo's microphone: QEMU has none, so its recorder plays a file of its card."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from duotui.base.clock import MonotonicClock
from duotui.board.agent_launcher import BOARD_FOLDER, MICROPHONE_SCRIPT
from duotui.board.upload import upload
from duotui.judge.baseline import single_session
from duotui.speech.board_microphone import open_board_microphone
from duotui.speech.recognizer import SAMPLE_RATE, Recognizer
from duotui.story.cards import deck
from duotui.story.voice_input import SPOKEN_COMMANDS, UTTERANCE_LIMIT
from support.espeak import need_espeak
from support.spoken_wishes import VOICES, in_noise

if TYPE_CHECKING:
    from pathlib import Path

    from support.board_faults import BoardRig

pytestmark = pytest.mark.timeout(600)

PATIENCE = 300.0
RECORDER = f"""#!/bin/sh
echo $$ >/tmp/recorder
cat {BOARD_FOLDER}/wish.raw
exec sleep 1000
"""


async def test_a_wish_said_to_the_virtual_duo_is_understood(rig: BoardRig, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    need_espeak()
    wish = in_noise("tell me a story about a dragon in the castle", VOICES[2], "clean", 1)
    (tmp_path / "wish.raw").write_bytes(wish + bytes(2 * 2 * SAMPLE_RATE))
    (tmp_path / MICROPHONE_SCRIPT).write_text(RECORDER)
    with rig.shell() as shell:
        # like a board from setup, without a microphone
        assert "no microphone" in shell.ask(f"{BOARD_FOLDER}/{MICROPHONE_SCRIPT}").text
        for name, mode in (("wish.raw", 0o644), (MICROPHONE_SCRIPT, 0o755)):
            upload(shell, tmp_path / name, f"{BOARD_FOLDER}/{name}", MonotonicClock(), mode=mode)
    session = single_session(rig.channel())
    session.open()
    try:
        microphone = await asyncio.wait_for(open_board_microphone(session), PATIENCE)
        sound = await asyncio.wait_for(microphone.record_utterance(UTTERANCE_LIMIT), PATIENCE)
    finally:
        await session.close()
    recognized = Recognizer(deck().spoken() | {"command": SPOKEN_COMMANDS}).recognize(sound)
    assert recognized is not None
    assert recognized.slots == {"who": "dragon", "where": "castle"}
    with rig.shell() as shell:  # nothing of it is left there
        assert shell.ask('kill -0 "$(cat /tmp/recorder)"').status
        assert shell.ask("ps | grep '[s]leep 1000'").status
