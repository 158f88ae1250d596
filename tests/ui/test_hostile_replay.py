"""Recordings whose values are possible but absurd, on the full screens."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from duotui.base import resources
from duotui.judge.options import JudgeOptions
from duotui.judge.session_factory import replayed_session
from duotui.protocol.request import Request
from duotui.session.recording import Recording
from duotui.session.replay import ReplaySession
from duotui.settings.config_file import Settings
from duotui.ui.app import ConsoleApp
from support.mutated_recordings import LINES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMITS = {"steps": 2**32 - 1, "rate": 1e8, "t": 1e9, "status": 7}
"""Values of fields that have limits of their own."""


def exchanged(value: Any, new: Callable[[str, Any], Any], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: exchanged(item, new, key) for key, item in value.items()}
    if isinstance(value, list):
        return [exchanged(item, new, name) for item in value]
    return new(name, value)


def largest(name: str, value: Any) -> Any:
    if type(value) is int:
        return LIMITS.get(name, 2**64 - 1)
    if name == "text":
        return "\u0301" * 300 + "[/x]"
    return 1e8 if name in ("rate", "seconds", "prepared", "heard") else value


def least(name: str, value: Any) -> Any:
    return (
        ""
        if isinstance(value, str) and name in ("text", "model", "target")
        else least_number(name, value)
    )


def least_number(name: str, value: Any) -> Any:
    return 0 if type(value) in (int, float) and name != "probability" else value


def events_of(new: Callable[[str, Any], Any]) -> list[dict[str, Any]]:
    return [exchanged(json.loads(line), new) for line in LINES[1:]]


def unchanged(_name: str, value: Any) -> Any:
    return value


CASES: dict[str, list[dict[str, Any]]] = {
    "largest": events_of(largest),
    "least": events_of(least),
    "from its end": events_of(unchanged)[::-1],
    "without a start": [line for line in events_of(unchanged) if line["event"] != "RunStarted"],
    "without tokens": [line for line in events_of(unchanged) if line["event"] != "Tokens"],
    "nothing": [],
}


@pytest.fixture(params=CASES)
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    path = tmp_path / "r.jsonl"
    lines = [LINES[0], *map(json.dumps, CASES[request.param])]
    path.write_text("".join(f"{line}\n" for line in lines))
    return Recording(path)


async def test_the_console_plays_what_is_there(recording: Recording) -> None:
    session = ReplaySession(recording, speed=0)
    async with ConsoleApp(session, Settings()).run_test(size=(120, 40)) as pilot:
        await session.finished()
        await pilot.pause()
        await pilot.press("question_mark", "escape", "space", ".")
        assert session.state.board.text == recording.last.board.text


@pytest.mark.parametrize("recording", ["largest", "least", "without tokens"], indirect=True)
async def test_the_judges_screen_plays_what_is_there(recording: Recording) -> None:
    options = JudgeOptions("", Request(), resources.MODEL, resources.TOKENIZER)
    session = replayed_session(recording, replace(options, warm=0), speed=0)
    app = ConsoleApp(None, Settings(), judge_session=session)
    async with app.run_test(size=(120, 40)) as pilot:
        assert session.replay is not None
        while not session.replay.going:
            await pilot.pause()
        await session.replay.finished()
        await pilot.pause()
        await pilot.press("question_mark", "escape", "b")
        assert session.state.board.text == recording.last.board.text
