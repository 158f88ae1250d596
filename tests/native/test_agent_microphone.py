"""Recording by the agent at the host's request: on a real terminal, with real programs."""

from __future__ import annotations

import array
import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from duotui.protocol.adpcm import decode
from support import agent_peer
from support.agent_host import STOPPED, STORY_NUMBER, Host, run_end
from support.agent_scripts import field_is, is_, script
from support.engine import Engine

UNKNOWN, OPENING, HEARS, OVER, FAILED = range(5)
SAMPLES, RATE = 640, 16_000
UART = 11_520
"""Bytes a second, at 115200 baud."""

GIVES = """
echo $$ >{log}
cat {pcm}
exec sleep 1000
"""
"""Recorder that gives all its sound at once, and then waits."""

FLOWS = """
echo $$ >{log}
exec cat /dev/zero
"""

PACED = """
echo $$ >{log}
while head -c 1280 /dev/zero; do sleep 0.04; done
"""
"""Recorder at its own pace, like a real one."""

SPEAKS = """
read -r line || exit 0
echo "S 0 0 5000"
exec sleep 1000
"""

Recorder = Callable[..., Host]


@pytest.fixture
def tone() -> array.array[int]:
    """One second of the tone."""
    return array.array("h", (abs(n % 64 - 32) * 500 - 8000 for n in range(25 * SAMPLES)))


@pytest.fixture
def recorder(
    engine: Engine,
    scripted_model: tuple[Path, Path],
    tmp_path: Path,
    log: Path,
    tone: array.array[int],
) -> Iterator[Recorder]:
    """Agent whose recorder is a shell script."""
    pcm = tmp_path / "tone.raw"
    pcm.write_bytes(tone.tobytes())
    with contextlib.ExitStack() as stack:

        def start(text: str, voice: str = "") -> Host:
            record_script, speaks = (
                script(tmp_path / name, one, log=log, pcm=pcm, folder=tmp_path)
                for name, one in (("ear", text), ("voice", voice))
            )
            host = Host(engine, *scripted_model, speaks if voice else None, record_script)
            stack.callback(host.close)
            return host

        yield start


def can_listen(host: Host) -> bool:
    host.send("HELLO?", protocol=2)
    return bool(host.until("HELLO")["modes"] & 0x40)


def sounds(host: Host, listen: int = 3) -> list[dict[str, Any]]:
    return [v for n, _, v in host.received if n == "SOUND" and v["listen"] == listen]


def recorded(host: Host, listen: int = 3) -> array.array[int]:
    return array.array(
        "h",
        b"".join(
            decode(one["predictor"], one["step"], bytes.fromhex(one["data_hex"]))
            for one in sounds(host, listen)
        ),
    )


@contextlib.contextmanager
def outlived(log: Path) -> Iterator[None]:
    """Fail if the present recorder is not gone soon."""
    process = os.pidfd_open(int(log.read_text()))
    try:
        yield
        assert select.select([process], [], [], 20)[0]
    finally:
        os.close(process)


def test_what_is_recorded_is_heard(recorder: Recorder, tone: array.array[int]) -> None:
    host = recorder(GIVES)
    assert can_listen(host)
    host.send("LISTEN", listen=3)
    assert host.until("HEARING")["state"] == OPENING
    host.until("SOUND", lambda v: v["index"] == 24)
    assert [one["index"] for one in sounds(host)] == list(range(25))
    expected, got = tone.tolist(), recorded(host).tolist()
    assert len(got) == len(expected)
    # the tone rises by 500 a sample: to within two of them, once the steps have grown to it
    assert max(abs(one - other) for one, other in zip(expected[99:], got[99:], strict=True)) < 1000
    assert sounds(host)[0]["predictor"] == sounds(host)[0]["step"] == 0
    host.send("LISTEN", listen=3)
    assert host.until("HEARING")["state"] == HEARS


def test_a_serial_line_carries_it(recorder: Recorder) -> None:
    host = recorder(GIVES)
    host.send("LISTEN", listen=3)
    host.until("SOUND", lambda v: v["index"] == 24)
    size = sum(len(agent_peer.message("SOUND", **one)) for one in sounds(host))
    assert size < 0.8 * UART


def test_the_same_listen_is_begun_once_and_another_one_begins_anew(
    recorder: Recorder, log: Path
) -> None:
    host = recorder(FLOWS)
    for _ in range(5):
        host.send("LISTEN", listen=3)
    host.until("SOUND", lambda v: v["index"] > 10)
    with outlived(log):
        host.send("LISTEN", listen=4)
        assert host.until("HEARING", lambda v: v["listen"] == 4)["state"] == OPENING
    host.until("SOUND", lambda v: v["listen"] == 4 and v["index"] > 10)
    indices = [one["index"] for one in sounds(host)]
    assert indices == list(range(len(indices)))
    host.send("LISTEN", listen=3)  # a number is one listen request, so it would start anew
    assert host.until("HEARING", lambda v: v["listen"] == 3)["state"] == OPENING


@pytest.mark.parametrize("how", ["ENOUGH", "SPEAK", "GENERATE", "BYE", "TERM"])
def test_the_recorder_is_gone_when_it_is_over(recorder: Recorder, log: Path, how: str) -> None:
    host = recorder(FLOWS, SPEAKS)
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    with outlived(log):
        match how:
            case "ENOUGH":
                host.send("ENOUGH", listen=3)
                assert host.until("HEARING", is_(OVER))["listen"] == 3
            case "SPEAK":
                host.send("SPEAK", sentence=9, volume=100, text="Hello.")
                host.until("SPEECH")
            case "GENERATE":
                host.generate()
                host.until("EVENT", run_end)
            case "BYE":
                host.send("BYE")
            case "TERM":
                host.process.send_signal(signal.SIGTERM)
    if how in ("BYE", "TERM"):
        assert host.process.wait(20) == (0 if how == "BYE" else -signal.SIGTERM)
        return
    host.send("LISTEN", listen=3)
    assert host.until("HEARING", is_(OVER))["trouble"] == ""
    host.send("PING", nonce=1)
    host.until("PONG")
    last = [name for name, _, _ in host.received].index("PONG")
    assert "SOUND" not in [name for name, _, _ in host.received[last:]]


def test_who_listens_hears_nothing_that_is_said(recorder: Recorder) -> None:
    host = recorder(FLOWS, SPEAKS)
    host.send("SPEAK", sentence=9, volume=100, text="On and on.")
    host.until("SPEECH", is_(2))
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    host.send("SPEAK", sentence=9, volume=100, text="On and on.")  # a late repetition
    assert host.until("SPEECH")["state"] == STOPPED
    host.until("SOUND")


def test_a_host_that_asks_no_more_is_not_listened_for(recorder: Recorder, log: Path) -> None:
    host = recorder(PACED)
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    with outlived(log):
        assert host.until("HEARING", is_(OVER))["trouble"] == ""
    assert sounds(host)[-1]["index"] < 3.5 * RATE / SAMPLES


def test_who_asks_again_is_listened_for_longer(recorder: Recorder) -> None:
    host = recorder(PACED)
    host.send("LISTEN", listen=3)
    for index in range(20, 101, 20):
        host.until("SOUND", field_is("index", index))
        host.send("LISTEN", listen=3)
    host.send("ENOUGH", listen=3)
    host.until("HEARING", is_(OVER))


def test_a_listen_has_an_end_whoever_asks(recorder: Recorder, log: Path) -> None:
    """Thirty seconds of sound from a fast recorder; a slow terminal loses none."""
    host = recorder(FLOWS)
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    with outlived(log):
        host.until("HEARING", is_(OVER))
    assert [one["index"] for one in sounds(host)] == list(range(750))
    host.send("LISTEN", listen=3)
    assert host.until("HEARING")["state"] == OVER


def test_a_host_that_reads_no_more_is_not_listened_for(recorder: Recorder, log: Path) -> None:
    host = recorder(FLOWS)
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    with outlived(log):
        pass
    host.until("HEARING", is_(OVER))


@pytest.mark.parametrize("agent", ["stays", "killed"])
def test_a_host_that_goes_away_leaves_no_recorder(
    recorder: Recorder, log: Path, agent: str
) -> None:
    host = recorder(FLOWS)
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    with outlived(log):
        if agent == "killed":
            host.process.kill()
        else:
            os.close(host.master)
            host.master = os.open("/dev/null", os.O_RDWR)
            assert host.process.wait(20) == 0


@pytest.mark.parametrize(
    ("end", "trouble"),
    [
        ("echo 'first' >&2; echo 'the device is busy' >&2; exit 3", "the device is busy"),
        ("exit 0", "the recorder has ended"),
        ("kill -9 $$", "the recorder has ended"),
        ("exec sleep 1000", "the microphone gives no sound"),
        ("printf '%0999d\\n' 7 >&2; exit 1", "0" * 199),
    ],
    ids=["status", "end", "signal", "hangs", "talkative"],
)
def test_a_recorder_that_fails_says_why(
    recorder: Recorder, log: Path, end: str, trouble: str
) -> None:
    host = recorder("echo $$ >{log}; cat {pcm}; " + end)
    assert can_listen(host)
    host.send("LISTEN", listen=3)
    assert host.until("HEARING", is_(FAILED))["trouble"] == trouble
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)
    assert len(recorded(host)) == 25 * SAMPLES


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", "exec sleep 1000", "echo too little"])
def test_a_board_without_a_microphone_says_so(recorder: Recorder, script: str) -> None:
    host = recorder(script)
    assert not can_listen(host)
    host.send("LISTEN", listen=3)
    refused = host.until("HEARING")
    assert (refused["state"], refused["trouble"]) == (FAILED, "this board has no microphone")


@pytest.mark.parametrize("name", [None, "nobody"])
def test_a_recorder_that_is_not_there_is_none(
    engine: Engine, scripted_model: tuple[Path, Path], tmp_path: Path, name: str | None
) -> None:
    host = Host(engine, *scripted_model, microphone=tmp_path / name if name else None)
    try:
        assert not can_listen(host)
    finally:
        host.close()


def test_one_that_is_lost_later_is_said(recorder: Recorder, tmp_path: Path) -> None:
    host = recorder(GIVES)
    (tmp_path / "ear").unlink()
    host.send("LISTEN", listen=3)
    assert host.until("HEARING", is_(FAILED))["trouble"] == "the recorder does not start"


def test_nothing_is_listened_to_while_a_story_is_told(recorder: Recorder) -> None:
    host = recorder(FLOWS)
    host.generate(steps=0)
    host.until("EVENT")
    host.send("LISTEN", listen=3)
    refused = host.until("HEARING")
    assert (refused["state"], refused["trouble"]) == (FAILED, "a story is being told")
    host.send("CANCEL", story=STORY_NUMBER)
    for listen in range(4, 1000):  # until it is cancelled
        host.send("LISTEN", listen=listen)
        if host.until("HEARING", field_is("listen", listen))["state"] == OPENING:
            break
    host.until("SOUND", field_is("listen", listen))
    assert not sounds(host, 3)


def test_enough_of_what_never_was_is_answered(recorder: Recorder) -> None:
    host = recorder(FLOWS)
    host.send("ENOUGH", listen=77)
    answer = host.until("HEARING")
    assert (answer["listen"], answer["state"]) == (77, UNKNOWN)


def test_pieces_of_any_size_are_sound(recorder: Recorder, tone: array.array[int]) -> None:
    host = recorder("dd if={pcm} bs=77 2>/dev/null; exec sleep 1000")
    host.send("LISTEN", listen=3)
    host.until("SOUND", lambda v: v["index"] == 24)
    assert len(recorded(host)) == len(tone)


def test_pings_are_answered_meanwhile(recorder: Recorder) -> None:
    host = recorder(PACED)
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    for nonce in range(20):
        host.send("PING", nonce=nonce)
        host.until("PONG", field_is("nonce", nonce))
    host.until("SOUND")


def test_the_recorder_has_none_of_the_agents_files(recorder: Recorder, log: Path) -> None:
    host = recorder("ls -l /proc/$$/fd >{log}; cat {pcm}; exec sleep 1000")
    host.send("LISTEN", listen=3)
    host.until("SOUND")
    assert os.ttyname(host.slave) not in log.read_text()
