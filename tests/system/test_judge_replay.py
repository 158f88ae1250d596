"""Replay of a recorded judge session, with the same verdict."""

import asyncio
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from duotui.base import resources
from duotui.base.errors import Cancelled, Exit, UsageError
from duotui.judge.options import JudgeOptions
from duotui.judge.session import Phase
from duotui.judge.session_factory import replayed_session
from duotui.protocol.events import RunEnded, RunStarted
from duotui.protocol.request import Mode, Request
from duotui.session.recording import Recorder, Recording
from support.judge_command import judge
from support.paths import VECTORS

OPTIONS = JudgeOptions("", Request(), resources.MODEL, resources.TOKENIZER)
UNKNOWN = ("command", "official", "target", "conditions", "roofline")
"""Fields that no recording holds."""


@pytest.fixture(scope="module", params=["exact", "fast"])
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    path = tmp_path_factory.mktemp("recording") / "r.jsonl"
    options = ("--runs", 5, "-n", 120, "-s", 7, "-t", 0.9, "--mode", request.param)
    return path, judge("sim", "--headless", *options, "--record", path)


def test_its_verdict_is_that_of_then(
    recording: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    path, live = recording
    again = judge(path, "--headless")
    assert again.returncode == live.returncode, again.stderr
    then, now = json.loads(live.stdout), json.loads(again.stdout)
    assert len(now["runs"]) == 5
    assert [name for name in then if name not in UNKNOWN and then[name] != now[name]] == []
    assert (now["target"], now["conditions"]["before"]) == ("RECORDING r.jsonl", None)


async def test_it_can_be_held_stepped_and_ended(
    recording: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    session = replayed_session(Recording(recording[0]), OPTIONS)
    replay = session.replay
    assert replay is not None
    news = asyncio.Event()
    session.subscribe(lambda _: news.set())
    holding = asyncio.create_task(session.run())
    while not session.state.board.tokens:
        await news.wait()
        news.clear()
    replay.pause(True)
    for _ in range(2):
        before = session.state.board.tokens
        replay.step()
        while session.state.board.tokens is before:
            await news.wait()
            news.clear()
    while len(session.so_far.runs) < 2:
        replay.pause(False)
        await news.wait()
        news.clear()
    session.stop(Cancelled("enough"))
    verdict = await holding
    assert session.phase is Phase.OVER
    assert 1 <= len(verdict.counted) < 5
    assert verdict.trouble == "enough"
    await session.close()
    assert session.outcome()[1] == session.source.trouble


def test_what_cannot_be_judged_is_refused(
    recording: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(recording[0].read_text().splitlines(keepends=True)[:8]))
    with pytest.raises(UsageError, match="no whole story"):
        replayed_session(Recording(cut), OPTIONS)
    mixed = tmp_path / "mixed.jsonl"
    recorder = Recorder(mixed)
    events = list(Recording(recording[0]).events())
    for event in events:
        recorder.write(event)
    for event in events:
        recorder.write(replace(event, seed=8) if isinstance(event, RunStarted) else event)
    recorder.close()
    with pytest.raises(UsageError, match="different stories"):
        replayed_session(Recording(mixed), OPTIONS)


def test_a_rate_that_the_clocks_contradict_makes_it_void(
    recording: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    lie = tmp_path / "lie.jsonl"
    recorder = Recorder(lie)
    for event in Recording(recording[0]).events():
        recorder.write(replace(event, rate=99999.0) if isinstance(event, RunEnded) else event)
    recorder.close()
    result = judge(lie, "--headless", "--report", tmp_path / "report")
    honest, verdict = json.loads(recording[1].stdout), json.loads(result.stdout)
    assert (result.returncode, honest["void"]) == (Exit.NOT_READY, [])
    (reason,) = verdict["void"]
    assert "cannot be believed: the engine claims 99999 tok/s" in reason
    assert verdict["score"]["mean"] == pytest.approx(honest["score"]["mean"], rel=0.02)
    for name in ("report.md", "report.html"):
        assert "99999" in (tmp_path / "report" / name).read_text()


def test_a_recording_of_another_model_is_not_compared(
    recording: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    text = recording[0].read_text()
    model = json.loads(next(line for line in text.splitlines() if '"Ready"' in line))["model_hash"]
    other.write_text(text.replace(model, "0" * 64))
    result = judge(other, "--headless")
    assert (result.returncode, list(json.loads(result.stdout))) == (2, ["error"])
    assert "from another model" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_race_needs_a_screen_and_a_whole_story(
    recording: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    assert (
        "--beside needs a terminal" in judge("sim", "--headless", "--beside", recording[0]).stderr
    )
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(recording[0].read_text().splitlines(keepends=True)[:8]))
    result = judge("sim", "--headless", "--beside", cut)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "holds no whole story" in result.stderr


def test_mode_of_the_request_is_the_recordings() -> None:
    session = replayed_session(Recording(VECTORS / "recording-1.jsonl"), OPTIONS)
    assert session.request.mode is Mode.REFERENCE
    assert (session.options.runs, session.options.warm) == (1, 0)
