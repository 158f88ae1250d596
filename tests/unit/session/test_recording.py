"""Round trip of a recording, and the message for a file that is none."""

import asyncio
import json
import math
from pathlib import Path

import pytest

from duotui.base.errors import UsageError
from duotui.protocol import events
from duotui.protocol.events import EVENTS, Activity, Batch, EndReason, Source, SpeechEndReason
from duotui.protocol.request import Mode
from duotui.protocol.tokens import TextSpan, Token, WordMark
from duotui.session.recording import Recorder, Recording
from duotui.session.replay import ReplaySession
from duotui.session.state import SessionState
from support.paths import VECTORS

BOARD = Source.BOARD
ONE_OF_EACH = (
    events.LinkOpening(0.5, BOARD, "sim"),
    events.LinkUp(1.0, BOARD, "sim", "simulated"),
    events.Ready(
        1.1,
        BOARD,
        version="0.1",
        model="m",
        machine="x86",
        model_hash="aa",
        tokenizer_hash="bb",
        modes=(Mode.REFERENCE, Mode.FAST),
        vocabulary=512,
        context=256,
        parameters=9,
        boot=7,
    ),
    events.RunStarted(
        1.2,
        BOARD,
        story=3,
        prompt="Öne \u2028 🐈",
        mode=Mode.REFERENCE,
        steps=256,
        temperature=0.8,
        top_p=0.9,
        seed=2**64 - 1,
        clock=10,
        ids=(1, 5),
    ),
    events.Tokens(1.3, BOARD, (Token(0, 5, " a", 11, 0.25), Token(1, 6, "\n", 12, math.inf))),
    events.EngineStats(
        1.4,
        BOARD,
        activity=Activity.PAUSED,
        tokens=2,
        clock=13,
        first=1,
        rss=4,
        peak=5,
        faults=6,
        repeats=7,
    ),
    events.LineNoise(1.5, BOARD, 3, "abc"),
    events.LinkHealth(1.6, BOARD, 1, 2, 3, 4),
    events.LinkSilent(1.7, BOARD, 1.01),
    events.LinkResponding(1.8, BOARD),
    events.Fault(1.9, Source.BASELINE, "no", "hint"),
    events.RunEnded(2.0, BOARD, EndReason.ENDED, 2, 14, 24.3),
    events.LinkReconnecting(2.05, BOARD, "pulled", "put it back"),
    events.Regenerating(2.06, BOARD, 1, 2),
    events.Regenerated(2.07, BOARD, 20, (21, 22)),
    events.SpeechStarted(2.08, BOARD, (TextSpan(0, 4), TextSpan(5, 9))),
    events.SentencePlaying(2.09, BOARD, 1, 1.9, 0.8, (WordMark(0.25, 5, 9),)),
    events.SpeechEnded(
        2.1,
        BOARD,
        silence=SpeechEndReason.FAILED,
        sentences=1,
        prepared=0.5,
        heard=1.25,
        trouble="no loudspeaker",
    ),
    events.ListenEnded(2.1, BOARD, "no microphone"),
    events.LinkLost(2.1, BOARD, "pulled", "put it back", 7),
)


def record(path: Path) -> Path:
    recorder = Recorder(path, "2026-01-01T00:00:00+00:00")
    for event in ONE_OF_EACH:
        recorder.write(event)
    recorder.close()
    return path


def test_every_kind_of_event_is_in_this_test() -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(EVENTS.values())


RECORDED = {
    "LinkOpening": "t narrator target",
    "LinkUp": "t narrator target described",
    "Ready": "t narrator version model machine model_hash tokenizer_hash modes vocabulary context "
    "parameters boot voice ear",
    "RunStarted": "t narrator story prompt mode steps temperature top_p seed clock ids",
    "Tokens": "t narrator tokens",
    "Stats": "t narrator activity tokens clock first rss peak faults repeats",
    "Noise": "t narrator count text",
    "Health": "t narrator acknowledged repeated lost noise",
    "LinkSilent": "t narrator seconds",
    "LinkAnswers": "t narrator",
    "Fault": "t narrator text hint status",
    "RunEnded": "t narrator reason tokens clock rate",
    "LinkAway": "t narrator reason hint",
    "Retelling": "t narrator told count",
    "Retold": "t narrator clock clocks",
    "SpeechStarted": "t narrator sentences",
    "SentenceHeard": "t narrator index begun length marks",
    "SpeechEnded": "t narrator silence sentences prepared heard trouble",
    "ListenEnded": "t narrator trouble",
    "LinkLost": "t narrator reason hint status",
}
"""Names in format 1. They do not change with the names of the classes."""


def test_recorded_names_do_not_change(tmp_path: Path) -> None:
    lines = record(tmp_path / "r.jsonl").read_text("utf-8").split("\n")[1:-1]
    values = [json.loads(line) for line in lines]
    assert {value.pop("event"): " ".join(value) for value in values} == RECORDED
    tokens = next(value["tokens"] for value in values if "tokens" in value)
    assert " ".join(tokens[0]) == "index id text clock probability"
    sentence = next(value for value in values if "marks" in value)
    assert " ".join(sentence["marks"][0]) == "begins start end"


def test_a_recording_gives_back_its_events(tmp_path: Path) -> None:
    result = list(Recording(record(tmp_path / "r.jsonl")).events())
    measured = result.pop(4)
    assert isinstance(measured, events.Tokens)
    assert measured.tokens[0] == Token(0, 5, " a", 11, 0.25)
    assert math.isnan(measured.tokens[1].probability)
    assert tuple(result) == ONE_OF_EACH[:4] + ONE_OF_EACH[5:]


def test_every_line_is_plain_json(tmp_path: Path) -> None:
    for line in record(tmp_path / "r.jsonl").read_text("utf-8").split("\n")[:-1]:
        json.loads(line, parse_constant=pytest.fail)


def test_a_line_that_a_crash_cut_is_left_out(tmp_path: Path) -> None:
    path = record(tmp_path / "r.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    assert len(list(Recording(path).events())) == len(ONE_OF_EACH) - 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a recording"),
        (b"\x00\xff\xfe", "not a recording"),
        (b"[]\n", "not a recording"),
        (b"{}\n", "not a recording"),
        (b'{"duotui recording": 99}\n', "format 99"),
        (b'{"duotui recording": 1}\nnope\n', "damaged in line 2"),
        (b'{"duotui recording": 1}\n{"event": "Nope"}\n', "damaged in line 2"),
        (b'{"duotui recording": 1}\n[1]\n', "damaged in line 2"),
        (
            b'{"duotui recording": 1}\n'
            b'{"event": "LinkUp", "t": 1, "narrator": "moon", "target": "", "described": ""}\n',
            "damaged in line 2",
        ),
        (
            b'{"duotui recording": 1}\n'
            b'{"event": "LinkUp", "t": "x", "narrator": "board", "target": 3, "described": ""}\n',
            "damaged in line 2",
        ),
    ],
)
def test_what_is_no_recording_says_so_in_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        Recording(path)
    assert "\n" not in str(caught.value)


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        Recorder(tmp_path)


async def test_a_recording_is_played_to_the_same_state(tmp_path: Path) -> None:
    player = ReplaySession(recording := Recording(record(tmp_path / "r.jsonl")), speed=0)
    received: list[events.Event] = []
    player.subscribe(lambda _, batch: received.extend(batch))
    player.open()
    await player.finished()
    assert len(received) == len(ONE_OF_EACH)
    # not by ==: it has a NaN, and Python 3.13 compares field by field
    assert repr(player.state) == repr(recording.last)
    assert player.state.board.text == " a\n"


def test_a_recording_of_each_format_stays_readable() -> None:
    """Format 1 as it was first written: it is never rewritten."""
    state = Recording(VECTORS / "recording-1.jsonl").last
    assert state.board.text == "Once upon a time, there was a little girl named Lily"
    assert (len(state.board.tokens), state.diff.identical, state.diff.compared) == (12, True, 12)
    assert state.board.ready is not None
    assert state.board.ready.model == "stories.bin"


async def test_a_recording_that_is_held_is_walked_through_word_by_word() -> None:
    player = ReplaySession(Recording(VECTORS / "recording-1.jsonl"))
    counts: list[int] = []
    changed = asyncio.Event()

    def listen(state: SessionState, _: Batch) -> None:
        counts.append(len(state.board.tokens) + len(state.baseline.tokens))
        changed.set()

    player.subscribe(listen)
    player.open()
    player.pause(True)
    while not counts or counts[-1] < 24:
        before = len(counts)
        player.step()
        while len(counts) == before:
            await asyncio.wait_for(changed.wait(), 10)
            changed.clear()
    assert counts == sorted(counts)
    assert counts[-1] == 24
    assert len(set(counts)) > 2
    await player.close()
