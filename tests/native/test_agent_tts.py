"""Speech by the agent at the host's request: on a real terminal, with real programs."""

import contextlib
import os
import select
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.agent_host import (
    DONE,
    FAILED,
    HEARD,
    PREPARED,
    STOPPED,
    STORY_NUMBER,
    UNKNOWN,
    Host,
    run_end,
)
from support.agent_scripts import is_, script
from support.engine import Engine

SPEAKS = """
read -r line || exit 0
echo "$line" >>{log}
echo "W 0 0 0 3"
echo "W 0 310 4 5"
echo "S 0 0 900"
"""
"""Voice that speaks at once."""

WAITS = """
read -r line || exit 0
sleep 1000 &
echo $! >{log}
echo "S 0 0 5000"
wait
"""
"""Voice with a player that does not end."""

Speaker = Callable[[str], Host]


def _is_over(sentence: int, values: dict[str, Any]) -> bool:
    return values["sentence"] == sentence and values["state"] in (DONE, FAILED)


@pytest.fixture
def speaker(
    engine: Engine, scripted_model: tuple[Path, Path], tmp_path: Path, log: Path
) -> Iterator[Speaker]:
    """Agent whose voice is a shell script."""
    with contextlib.ExitStack() as stack:

        def start(text: str) -> Host:
            host = Host(engine, *scripted_model, script(tmp_path / "voice", text, log=log))
            stack.callback(host.close)
            return host

        yield start


def voiced(host: Host) -> bool:
    host.send("HELLO?", protocol=2)
    return bool(host.until("HELLO")["modes"] & 0x80)


def test_a_sentence_is_said_and_its_words_and_times_are_told(speaker: Speaker, log: Path) -> None:
    host = speaker(SPEAKS)
    assert voiced(host)
    host.send("SPEAK", sentence=3, volume=100, text="The whole\nstory.")
    state = host.until("SPEECH", is_(DONE))
    assert log.read_text() == "The whole story.\n"
    assert (state["sentence"], state["length"]) == (3, 900)
    assert state["words"] == [[0, 0, 3], [310, 4, 5]]
    assert 0 < state["asked"] <= state["begun"] <= state["ended"] <= state["clock"]
    states = [v["state"] for n, _, v in host.received if n == "SPEECH"]
    assert states == sorted(states)
    assert states[0] == PREPARED


def test_the_same_sentence_is_said_once_however_often_it_is_asked(
    speaker: Speaker, log: Path
) -> None:
    host = speaker(SPEAKS)
    for _ in range(5):
        host.send("SPEAK", sentence=3, volume=100, text="Once.")
    host.until("SPEECH", is_(DONE))
    host.send("SPEAK", sentence=3, volume=100, text="Once.")
    host.until("SPEECH", is_(DONE))
    assert log.read_text() == "Once.\n"
    host.send("SPEAK", sentence=4, volume=100, text="Twice.")
    host.until("SPEECH", lambda v: v["sentence"] == 4 and v["state"] == DONE)
    assert log.read_text() == "Once.\nTwice.\n"


@pytest.mark.parametrize("volume", [0, 7, 100])
def test_a_voice_is_told_how_loud_it_is_to_be(speaker: Speaker, log: Path, volume: int) -> None:
    host = speaker('read -r line || exit 0; echo "$# $1 $line" >>{log}; echo S 0 0 9')
    host.send("SPEAK", sentence=3, volume=volume, text="Hello.")
    host.until("SPEECH", is_(DONE))
    assert log.read_text() == f"1 {volume} Hello.\n"


def test_louder_than_it_can_be_is_refused(speaker: Speaker, log: Path) -> None:
    host = speaker(SPEAKS)
    host.send("SPEAK", sentence=3, volume=101, text="Hello.")
    assert host.until("SPEECH", is_(FAILED))["trouble"] == "a volume is from 0 to 100"
    assert not log.exists()


@pytest.mark.parametrize("how", ["HUSH", "SPEAK", "GENERATE", "BYE"])
def test_it_is_silent_at_once_and_so_is_its_player(speaker: Speaker, log: Path, how: str) -> None:
    host = speaker(WAITS)
    host.send("SPEAK", sentence=3, volume=100, text="On and on.")
    host.until("SPEECH", is_(HEARD))
    player = os.pidfd_open(int(log.read_text()))
    match how:
        case "HUSH":
            host.send("HUSH", sentence=3)
            assert host.until("SPEECH", is_(STOPPED))["sentence"] == 3
        case "SPEAK":
            host.send("SPEAK", sentence=4, volume=100, text="Something else.")
            host.until("SPEECH", lambda v: v["sentence"] == 4)
        case "GENERATE":
            host.generate()
            host.until("EVENT", run_end)
            host.send("SPEAK", sentence=3, volume=100, text="On and on.")
            host.until("SPEECH", is_(STOPPED))
        case "BYE":
            host.send("BYE")
            assert host.process.wait(20) == 0
    assert select.select([player], [], [], 20)[0]
    os.close(player)


def test_nothing_is_said_while_a_story_is_told(speaker: Speaker, log: Path) -> None:
    host = speaker(SPEAKS)
    host.generate(steps=0)
    host.until("EVENT")
    host.send("SPEAK", sentence=3, volume=100, text="Now?")
    refused = host.until("SPEECH")
    assert (refused["state"], refused["trouble"]) == (FAILED, "a story is being told")
    host.send("CANCEL", story=STORY_NUMBER)
    for sentence in range(4, 1000):  # until it is cancelled: a refusal stays
        host.send("SPEAK", sentence=sentence, volume=100, text="Now!")
        answer = host.until("SPEECH", partial(_is_over, sentence))
        if answer["state"] == DONE:
            break
    assert log.read_text() == "Now!\n"


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("read -r line || exit 0; echo 'the device is busy' >&2; exit 3", "the device is busy"),
        ("read -r line || exit 0; kill -9 $$", ""),
        ("read -r line || exit 0; printf '%0999d\\n' 7; exit 1", "0" * 199),
    ],
    ids=["status", "signal", "talkative"],
)
def test_a_voice_that_fails_says_why(speaker: Speaker, script: str, trouble: str) -> None:
    host = speaker(script)
    assert voiced(host)
    host.send("SPEAK", sentence=3, volume=100, text="Hello.")
    assert host.until("SPEECH", is_(FAILED))["trouble"] == trouble


def test_a_hostile_voice_is_survived(speaker: Speaker) -> None:
    host = speaker(
        "read -r line || exit 0; echo W 0 1 2 3; echo S x; echo S 0 0 99999999999999999999;"
        " echo W 0 0 99999 1; echo S 0 0 7; seq -f 'W 0 %g 1 1' 900; head -c 5000 /dev/zero"
    )
    host.send("SPEAK", sentence=3, volume=100, text="Hello.")
    assert len(host.until("SPEECH", is_(DONE))["words"]) == 400


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", "exec sleep 1000"])
def test_a_board_without_a_loudspeaker_has_no_voice(speaker: Speaker, script: str) -> None:
    host = speaker(script)
    assert not voiced(host)
    host.send("SPEAK", sentence=3, volume=100, text="Hello.")
    assert host.until("SPEECH")["trouble"] == "this board has no voice"


def test_a_voice_that_is_not_there_is_none(
    engine: Engine, scripted_model: tuple[Path, Path], tmp_path: Path
) -> None:
    host = Host(engine, *scripted_model, tmp_path / "nobody")
    try:
        assert not voiced(host)
    finally:
        host.close()


def test_hushing_what_was_never_said_is_answered(speaker: Speaker) -> None:
    host = speaker(SPEAKS)
    host.send("HUSH", sentence=77)
    answer = host.until("SPEECH")
    assert (answer["sentence"], answer["state"]) == (77, UNKNOWN)


def test_the_voice_has_none_of_the_agents_files(speaker: Speaker, log: Path) -> None:
    """A player may outlive the agent, and would keep the terminal."""
    host = speaker("ls -l /proc/$$/fd >>{log}; cat >/dev/null")
    host.send("SPEAK", sentence=3, volume=100, text="Hello.")
    host.until("SPEECH", is_(DONE))
    assert os.ttyname(host.slave) not in log.read_text()
