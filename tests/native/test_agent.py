"""`duollama serve` on a real terminal, against a codec that knows only docs/protocol.md."""

import fcntl
import os
import random
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import agent_peer
from support.agent_host import STORY_NUMBER, Host, run_end
from support.engine import Engine


@pytest.fixture
def host(engine: Engine, scripted_model: tuple[Path, Path]) -> Iterator[Host]:
    agent_host = Host(engine, *scripted_model)
    yield agent_host
    agent_host.close()


def test_hello_says_who_is_there(host: Host) -> None:
    host.send("HELLO?", protocol=2)
    hello = host.until("HELLO")
    assert (hello["protocol"], hello["state"], hello["story"], hello["events"]) == (2, 0, 0, 0)
    assert (hello["model"], hello["version"], hello["modes"]) == ("scripted.bin", "0.1.0", 7)
    assert hello["context"] == 100_000


def test_hashes_are_those_of_the_files(host: Host, scripted_model: tuple[Path, Path]) -> None:
    host.send("HELLO?", protocol=2)
    hello = host.until("HELLO")
    names = ("model_hash", "tokenizer_hash")
    for name, path in zip(names, scripted_model, strict=True):
        digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
        assert hello[name] == digest.stdout.split()[0]


def test_a_story_is_told_with_its_start_and_its_end(host: Host) -> None:
    host.generate()
    end = host.until("EVENT", run_end)
    start, *tokens, last = [v for n, _, v in host.received if n == "EVENT"]
    assert (start["kind"], start["ids"], start["steps"], start["seed"]) == (0, [1], 10, 1)
    assert [v["index"] for v in tokens] == list(range(1, 11))
    text = bytes.fromhex("".join(v["text_hex"] for v in tokens)).decode()
    assert text == "once upon🙂 time once upon🙂 time"
    assert all(v["probability"] > 0.99 for v in tokens)
    assert [v["clock"] for v in tokens] == sorted(v["clock"] for v in tokens)
    assert last == end
    assert (end["reason"], end["tokens"], end["index"]) == (0, 10, 11)


def test_probabilities_are_nan_where_nobody_asks(host: Host) -> None:
    host.generate(flags=0)
    host.until("EVENT", run_end)
    tokens = [v for n, _, v in host.received if n == "EVENT" and v["kind"] == 1]
    assert {v["probability"] for v in tokens} == {None}


def test_an_unacknowledged_story_stops_at_the_window_and_is_repeated(host: Host) -> None:
    host.generate(steps=2000)
    host.until("EVENT", lambda v: v["index"] == 511)
    host.until("EVENT", lambda v: v["index"] == 0)  # back to the first without an acknowledgement
    assert max(v["index"] for n, _, v in host.received if n == "EVENT") == 511
    host.send("ACK", story=STORY_NUMBER, next=400)
    host.until("EVENT", lambda v: v["index"] == 911)
    host.send("STATS?")
    assert host.until("STATS", lambda v: v["repeats"] > 0)["story"] == STORY_NUMBER


def test_any_event_can_be_had_again_after_the_end(host: Host) -> None:
    host.generate()
    host.until("EVENT", run_end)
    for index in (11, 5, 0):
        host.send("RESUME", story=STORY_NUMBER, next=index)
        assert host.until("EVENT")["index"] == index
        host.until("EVENT", run_end)
        host.send("ACK", story=STORY_NUMBER, next=12)


def test_asking_twice_is_generating_once(host: Host) -> None:
    host.generate()
    host.generate()
    host.until("EVENT", run_end)
    host.send("PING", nonce=5)
    host.until("PONG")
    first = [v for n, _, v in host.received if n == "EVENT" and v["index"] == 1]
    assert len({v["clock"] for v in first}) == 1


def test_a_second_story_is_refused_while_one_is_told(host: Host) -> None:
    host.generate(steps=0)
    host.until("EVENT")
    host.generate(story=8)
    assert host.until("REFUSED")["code"] == 1
    host.send("CANCEL", story=STORY_NUMBER)
    host.send("STATS?")
    while (stats := host.until("STATS"))["state"] != 0:
        host.send("STATS?")
    host.send("RESUME", story=STORY_NUMBER, next=stats["tokens"] + 1)
    assert host.until("EVENT", run_end)["reason"] == 2
    host.generate(story=8)
    assert host.until("EVENT", lambda v: v["story"] == 8)["kind"] == 0


def test_pause_holds_and_goes_on_and_cancel_ends_a_paused_story(host: Host) -> None:
    host.generate(steps=0)
    host.until("EVENT")
    host.send("PAUSE", story=STORY_NUMBER, on=1)
    host.until("STATS", lambda v: v["state"] == 2)
    host.send("STATS?")
    first = host.until("STATS", lambda v: v["state"] == 2)["tokens"]
    host.send("PAUSE", story=STORY_NUMBER, on=0)
    host.until("STATS", lambda v: v["tokens"] > first + 1)
    host.send("PAUSE", story=STORY_NUMBER, on=1)
    count = host.until("STATS", lambda v: v["state"] == 2)["tokens"]
    host.send("CANCEL", story=STORY_NUMBER)
    # Its END lies behind all tokens that were sent and not yet acknowledged.
    host.send("RESUME", story=STORY_NUMBER, next=count)
    assert host.until("EVENT", run_end)["reason"] == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"temperature": None}, 2),
        ({"temperature": -1.0}, 2),
        ({"top_p": 1.5}, 2),
        ({"top_p": None}, 2),
        ({"mode": 200}, 4),
        ({"story": 0}, 2),
        ({"prompt": "a\0b"}, 2),
        ({"prompt": "word " * 700}, 3),
    ],
)
def test_what_cannot_be_told_is_refused(host: Host, changes: dict[str, Any], code: int) -> None:
    host.generate(**changes)
    refused = host.until("REFUSED")
    assert (refused["code"], bool(refused["text"])) == (code, True)
    host.generate(story=99)
    assert host.until("EVENT", run_end)["story"] == 99


def test_pings_are_answered_while_it_tells(host: Host) -> None:
    host.generate(steps=0)
    host.until("EVENT")
    for nonce in (1, 2**32 - 1):
        host.send("PING", nonce=nonce)
        assert host.until("PONG")["nonce"] == nonce


def test_noise_and_hostile_frames_are_survived(host: Host) -> None:
    rng = random.Random(3)
    for number in range(300):
        kind = rng.choice([*agent_peer.FIELD_NAMES, rng.randrange(256)])
        if kind == agent_peer.TYPES["BYE"]:
            continue
        host.raw(agent_peer.frame(kind, number, rng.randbytes(rng.choice([0, 1, 8, 40, 900]))))
        host.raw(rng.randbytes(rng.randrange(80)))
        # The answers must be read, or the terminal fills up.
        while select.select([host.master], [], [], 0)[0]:
            host.received += host.splitter.feed(os.read(host.master, 65536))
    host.raw(b"\0")
    host.send("PING", nonce=4711)
    host.until("PONG", lambda v: v["nonce"] == 4711)
    host.send("STATS?")
    assert host.until("STATS")["noise"] > 0


def test_bye_gives_the_terminal_back(host: Host) -> None:
    host.generate(steps=0)
    host.until("EVENT")
    assert termios.tcgetattr(host.slave) != host.before
    host.send("BYE")
    host.until("GONE")
    assert host.process.wait(20) == 0
    assert termios.tcgetattr(host.slave) == host.before


def test_a_line_typed_after_gone_is_the_shells(host: Host) -> None:
    host.send("BYE")
    host.until("GONE")
    os.write(host.master, b"echo hi\n")
    assert os.read(host.slave, 100) == b"echo hi\n"
    assert host.process.wait(20) == 0


def test_bye_ends_it_even_where_nobody_reads(host: Host) -> None:
    host.generate(steps=0)
    host.until("EVENT")
    for index in range(1, 200):
        host.send("ACK", story=STORY_NUMBER, next=index)
    host.send("BYE")
    assert host.process.wait(20) == 0


def test_a_killed_agent_leaves_the_shell_a_terminal_that_blocks(host: Host) -> None:
    host.process.kill()
    host.process.wait()
    assert not fcntl.fcntl(host.slave, fcntl.F_GETFL) & os.O_NONBLOCK


def test_generate_is_answered_by_its_start_however_often(host: Host) -> None:
    host.generate()
    host.until("EVENT", run_end)
    host.send("ACK", story=STORY_NUMBER, next=12)
    host.generate()
    assert host.until("EVENT")["index"] == 0


@pytest.mark.parametrize("kind", [0x00, 0x02, 0x0A, 0x0B, 0x0C, 0x7E, 0x81])
def test_a_frame_that_says_nothing_is_noise(host: Host, kind: int) -> None:
    host.raw(agent_peer.frame(kind, 0, b""))
    host.send("STATS?")
    assert host.until("STATS")["noise"] == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(host: Host, number: signal.Signals) -> None:
    host.generate(steps=0)
    host.until("EVENT")
    host.process.send_signal(number)
    assert host.process.wait(20) == -number
    assert termios.tcgetattr(host.slave) == host.before


def test_a_hang_up_ends_it(shipped: Engine, scripted_model: tuple[Path, Path]) -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        [shipped.path, "serve", *scripted_model[:1], "-z", scripted_model[1]],
        stdin=slave,
        stdout=slave,
    )
    os.close(slave)
    assert os.read(master, 1) == b"\0"
    os.close(master)
    assert process.wait(20) == 0


def test_without_a_terminal_it_says_so(engine: Engine, scripted_model: tuple[Path, Path]) -> None:
    result = subprocess.run(
        [engine.path, "serve", scripted_model[0], "-z", scripted_model[1]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=engine.environment(),
    )
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (2, b"", 1)
