"""Recordings from anybody: one line, or what is there is played; no other error, and no wait."""

from __future__ import annotations

import collections
import json
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import example, given

from duotui.base.errors import UsageError
from duotui.base.progress import ReadingLine
from duotui.cli.run_summary import numbers, summary
from duotui.judge.replayed_runs import ReplayedRuns
from duotui.protocol.events import EVENTS
from duotui.report.html import html_report
from duotui.report.markdown import markdown_report
from duotui.scoring.verdict import Baseline, Verdict
from duotui.scoring.verdict_json import to_json
from duotui.session import recording as recordings
from duotui.session.recorded_values import STORY_LIMIT_TOKENS
from duotui.session.recording import Recorder, Recording
from duotui.session.replay import ReplaySession
from support.full_disk import full_disk
from support.mutated_recordings import LINES, mutated
from support.paths import VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from duotui.protocol.events import Batch
    from duotui.session.state import SessionState

HEADER = LINES[0]
RUN_STARTED = next(line for line in LINES if '"RunStarted"' in line)
TOKENS = next(line for line in LINES if '"Tokens"' in line)


Result = TypeVar("Result")


def tried(make: Callable[[], Result]) -> Result | str:
    """What `make` returns, or the line of its UsageError."""
    try:
        return make()
    except UsageError as error:
        return str(error)


def changed(event: str, **values: Any) -> bytes:
    """The recording with `values` in each event of that name. 10^400 is written as a number."""
    lines = (json.loads(line) for line in LINES)
    changed_lines = (
        json.dumps({**line, **values} if line.get("event") == event else line) for line in lines
    )
    return "".join(f"{line}\n" for line in changed_lines).encode()


@given(data=mutated())
@example(data=changed("RunEnded", rate=float("inf")))
@example(data=changed("RunEnded", rate=99999.0))
@example(data=changed("RunStarted", steps=-5))
@example(data=changed("RunStarted", steps=10**300))
@example(data=changed("RunStarted", clock=-(10**400)))
@example(data=changed("RunStarted", ids=[]))
@example(data=changed("Tokens", t=10**400))
@example(data=changed("LinkOpening", t=-1e300))
@example(data=changed("Tokens", tokens="abc"))
async def test_any_recording_is_played_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "r.jsonl"
    path.write_bytes(data)
    recording = tried(lambda: Recording(path))
    if isinstance(recording, str):
        assert recording.isprintable()
        return
    json.dumps(summary(recording.last), allow_nan=False)
    assert numbers(recording.last).isprintable()
    states: list[SessionState] = []

    def listen(state: SessionState, _: Batch) -> None:
        states.append(state)

    player = ReplaySession(recording, speed=0)
    player.subscribe(listen)
    player.open()
    await player.finished()
    if states:
        assert states[-1].board.text == recording.last.board.text
    runs = tried(lambda: ReplayedRuns(recording, warm=1, speed=0))
    if isinstance(runs, str):
        assert runs.isprintable()
        return
    await runs.run()
    verdict = Verdict(str(path), runs.request, tuple(runs.runs), Baseline("x", "Once"), runs.ready)
    json.dumps(to_json(verdict), allow_nan=False)
    markdown_report(verdict).encode()
    html_report(verdict).encode()


@pytest.mark.parametrize(
    ("event", "values"),
    [
        ("RunStarted", {"steps": -5}),
        ("RunStarted", {"steps": 10**300}),
        ("RunStarted", {"seed": True}),
        ("RunStarted", {"clock": -1}),
        ("RunStarted", {"prompt": "a" * 5000}),
        ("RunEnded", {"rate": 1e12}),
        ("RunEnded", {"rate": -1.0}),
        ("RunEnded", {"tokens": 1.5}),
        ("Tokens", {"t": 10**400}),
        ("Tokens", {"t": float("nan")}),
        ("Tokens", {"tokens": "abc"}),
        ("Tokens", {"tokens": {"index": 0}}),
        ("Tokens", {"narrator": ["board"]}),
        ("LinkUp", {"described": "\ud800"}),
        ("LinkUp", {"more": 1}),
        ("Ready", {"voice": 1}),
    ],
)
def test_what_no_agent_could_have_sent_is_damage(
    tmp_path: Path, event: str, values: dict[str, Any]
) -> None:
    path = tmp_path / "r.jsonl"
    data = changed(event, **values)
    path.write_bytes(data)
    number = 1 + next(i for i, line in enumerate(LINES) if json.loads(line).get("event") == event)
    with pytest.raises(UsageError, match=f"damaged in line {number};"):
        Recording(path)


@pytest.mark.parametrize("line", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, '{"t": NaN}'])
@pytest.mark.parametrize("place", [0, 1])
def test_a_line_that_python_cannot_parse_is_one_line(tmp_path: Path, line: str, place: int) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join((*LINES[:place], line, *LINES[place:], "")))
    with pytest.raises(UsageError, match=r"not a recording|damaged in line 2"):
        Recording(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + (VECTORS / "recording-1.jsonl").read_bytes())
    assert Recording(path).started == Recording(VECTORS / "recording-1.jsonl").started


def test_an_event_of_a_later_version_is_damage(tmp_path: Path) -> None:
    """A later version gets a later number in the header: an unknown event is none of format 1."""
    path = tmp_path / "r.jsonl"
    path.write_text(f'{HEADER}\n{{"event": "Explode", "t": 1, "narrator": "board"}}\n')
    assert "Explode" not in EVENTS
    with pytest.raises(UsageError, match="damaged in line 2"):
        Recording(path)


# Size


def test_a_recording_of_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"{HEADER}\n")
    os.truncate(path, 1 << 30)
    with pytest.raises(UsageError, match=r"r\.jsonl cannot be read; it is larger than 256 MiB"):
        Recording(path)


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"{HEADER}\n{'x' * (recordings.LINE_LIMIT_BYTES + 1)}")
    with pytest.raises(UsageError, match="one of its lines has more than"):
        Recording(path)


def test_a_story_without_an_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    tokens = json.loads(TOKENS)
    tokens["tokens"] = tokens["tokens"][:1] * 1000
    count = STORY_LIMIT_TOKENS // 1000
    lines = [HEADER, RUN_STARTED, *[json.dumps(tokens)] * count]
    path.write_text("\n".join((*lines, "")))
    assert len(Recording(path).last.board.tokens) == count * 1000
    path.write_text("\n".join((*lines, lines[-1], "")))
    with pytest.raises(UsageError, match=f"damaged in line {count + 3}"):
        Recording(path)


def test_reading_is_shown_once_it_takes_long(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    noise = '{"event": "Noise", "t": 1, "narrator": "board", "count": 1, "text": "%s"}' % (
        "x" * 900
    )
    path.write_text("\n".join((HEADER, *[noise] * 3000, "")))
    reports: list[tuple[int, int]] = []
    Recording(path, lambda done, size: reports.append((done, size)))
    size = path.stat().st_size
    assert len(reports) == size // recordings.PROGRESS_BYTES + 1
    assert reports == sorted(reports)
    assert reports[-1] == (size, size)


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


def test_a_short_read_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    line = ReadingLine("r\x1b.jsonl", sys.stderr, clock)
    line.show(1_000_000, 9_000_000)
    assert capsys.readouterr().err == ""
    clock.time = 1.1
    for done in (2_000_000, 9_000_000):
        line.show(done, 9_000_000)
    assert capsys.readouterr().err == "duotui: reading r\ufffd.jsonl, 9 MB\n"


# A recording that is lost


async def test_a_file_that_changes_while_it_is_played_ends_the_replay(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes((VECTORS / "recording-1.jsonl").read_bytes())
    player = ReplaySession(Recording(path), speed=0)
    path.write_text("\n".join((*LINES[:4], "{}", "")))
    player.open()
    await player.finished()
    assert "damaged in line 5" in player.state.board.trouble


def test_a_recording_that_cannot_begin_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("old")
    with full_disk(10), pytest.raises(UsageError, match="cannot be written"):
        Recorder(path)
    assert path.read_text() == "old"
    with full_disk(10), pytest.raises(UsageError, match="cannot be written"):
        Recorder(tmp_path / "new.jsonl")
    assert [each.name for each in tmp_path.iterdir()] == ["r.jsonl"]


def test_a_disk_that_fills_up_ends_a_recording_with_a_whole_line(tmp_path: Path) -> None:
    events = list(Recording(VECTORS / "recording-1.jsonl").events())
    path = tmp_path / "r.jsonl"
    with full_disk(1500):
        recorder = Recorder(path)
        with pytest.raises(UsageError, match="cannot be written"):
            collections.deque(map(recorder.write, events), 0)
    assert path.read_bytes().endswith(b"\n")
    assert list(Recording(path).events()) == events[: len(path.read_bytes().splitlines()) - 1]
