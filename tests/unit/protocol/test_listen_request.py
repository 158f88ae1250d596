"""Board's microphone, with a manual clock and handmade messages of the agent."""

import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.protocol import events
from duotui.protocol.agent_client import AgentClient
from duotui.protocol.commands import StartListening, StartRun, StartSpeech, StopListening
from duotui.protocol.events import Event, Source
from duotui.protocol.frames import Frame
from duotui.protocol.listen_request import (
    LISTEN_START_TIMEOUT,
    MAX_AUDIO_GAP,
    ListenRequest,
)
from duotui.protocol.message_base import Message
from duotui.protocol.messages import Enough, Hearing, Hush, Listen, Sound, Speak
from duotui.protocol.request import Request
from duotui.protocol.timing import POLL_INTERVAL, RETRANSMIT_INTERVAL
from support.protocol_agent import HELLO, Agent

NUMBER = 9
DATA = bytes(range(256)) + bytes(64)
TALKING = replace(HELLO, protocol=2, modes=0xC1)


def sound(index: int, listen: int = NUMBER) -> Sound:
    return Sound(listen, index, -20, 30, DATA)


def audio(received: list[Event]) -> list[bytes]:
    return [event.pcm for event in received if isinstance(event, events.MicrophoneAudio)]


def troubles(received: list[Event]) -> list[str]:
    return [event.trouble for event in received if isinstance(event, events.ListenEnded)]


def capture() -> ListenRequest:
    return ListenRequest(Source.BOARD, NUMBER, 0.0)


def test_a_board_is_asked_until_it_answers_and_then_each_second() -> None:
    one = capture()
    assert one.due(0.0) == [Listen(NUMBER)]
    assert one.due(RETRANSMIT_INTERVAL / 2) == []
    assert one.due(RETRANSMIT_INTERVAL) == [Listen(NUMBER)]
    assert one.receive(Hearing(NUMBER, 1, ""), 0.4) == []
    assert one.due(2 * RETRANSMIT_INTERVAL) == [Listen(NUMBER)]
    assert one.due(2 * RETRANSMIT_INTERVAL + POLL_INTERVAL / 2) == []
    assert one.due(2 * RETRANSMIT_INTERVAL + POLL_INTERVAL) == [Listen(NUMBER)]


def test_what_comes_is_sound_and_what_was_lost_is_silence() -> None:
    one = capture()
    (first,) = audio(one.receive(sound(0), 0.1))
    assert len(first) == 4 * len(DATA)
    (second,) = audio(one.receive(sound(4), 0.2))
    assert second == bytes(3 * len(first)) + first
    assert array.array("h", first).tolist() != [0] * 640


@pytest.mark.parametrize("index", [0, 1, MAX_AUDIO_GAP, 2**32 - 1])
def test_what_came_before_or_cannot_be_is_nothing(index: int) -> None:
    one = capture()
    one.receive(sound(1), 0.1)
    assert one.receive(sound(index), 0.2) == []
    assert len(audio(one.receive(sound(2), 0.3))) == 1


@given(st.lists(st.tuples(st.integers(0, 900), st.binary(max_size=400))))
def test_no_more_than_half_a_minute_comes_of_whatever_is_said(
    sent: list[tuple[int, bytes]],
) -> None:
    one, most, total = capture(), 0, 0
    for index, data in sent:
        most = max(most, len(data))
        total += sum(map(len, audio(one.receive(Sound(NUMBER, index, 0, 200, data), 0.0))))
    assert total <= MAX_AUDIO_GAP * 4 * most


@pytest.mark.parametrize(
    ("state", "sent", "trouble"),
    [(3, "", ""), (4, "busy", "busy"), (4, "", "the board's microphone has failed")],
)
def test_the_board_ends_it(state: int, sent: str, trouble: str) -> None:
    one = capture()
    assert troubles(one.receive(Hearing(NUMBER, state, sent), 0.1)) == [trouble]
    assert (one.due(9.0), one.receive(sound(0), 9.0), one.overdue(99.0)) == ([], [], [])


def test_a_board_that_gives_nothing_is_given_up() -> None:
    one = capture()
    assert one.overdue(LISTEN_START_TIMEOUT - 0.1) == []
    one.receive(sound(0), 3.0)
    one.receive(Hearing(NUMBER, 2, ""), 7.0)
    assert one.overdue(3.0 + LISTEN_START_TIMEOUT - 0.1) == []
    assert troubles(one.overdue(3.0 + LISTEN_START_TIMEOUT)) == ["the board's microphone is stuck"]


def test_another_listen_is_nothing() -> None:
    one = capture()
    assert one.receive(sound(0, NUMBER + 1), 0.1) == []
    assert one.receive(Hearing(NUMBER + 1, 4, "busy"), 0.1) == []


# -- other requests to a board


def talking() -> tuple[AgentClient, Agent]:
    client, agent = AgentClient(Source.BOARD), Agent()
    client.opened(0.0)
    (ready,) = (
        event
        for event in client.receive(agent.frames(TALKING), 0.0)
        if isinstance(event, events.Ready)
    )
    assert (ready.voice, ready.ear, len(ready.modes)) == (True, True, 1)
    client.due(0.0)
    return client, agent


def kinds(sent: list[Message]) -> set[type[Message]]:
    return {type(message) for message in sent}


def test_enough_is_said_until_it_is_answered() -> None:
    client, agent = talking()
    assert client.command(StartListening(NUMBER), 0.0) == []
    assert client.due(0.0) == [Listen(NUMBER)]
    assert len(audio(client.receive(agent.frames(sound(0)), 0.1))) == 1
    assert troubles(client.command(StopListening(), 0.2)) == [""]
    assert client.command(StopListening(), 0.2) == []
    assert client.due(0.2) == [Enough(NUMBER)]
    assert client.due(0.2 + RETRANSMIT_INTERVAL) == [Enough(NUMBER)]
    client.receive(agent.frames(Hearing(NUMBER, 3, "")), 0.6)
    assert Enough not in kinds(client.due(2.0))


def test_who_speaks_does_not_listen_and_who_listens_does_not_speak() -> None:
    client, _ = talking()
    client.command(StartListening(NUMBER), 0.0)
    received = client.command(StartSpeech("The end.", 3, 0.5), 0.1)
    assert troubles(received) == [""]
    assert client.due(0.1) == [Speak(3, 50, "The end.")]
    received = client.command(StartListening(NUMBER + 1), 0.2)
    assert [type(event) for event in received] == [events.SpeechEnded]
    assert client.due(0.2) == [Listen(NUMBER + 1)]
    assert not {Hush, Enough} & kinds(client.due(5.0))


def test_a_listen_is_lost_with_the_cable_and_with_the_agent() -> None:
    client, agent = talking()
    client.command(StartListening(NUMBER), 0.0)
    assert troubles(client.closed(0.1)) == ["the board was lost"]
    client.opened(1.0)
    client.receive(Agent().frames(TALKING), 1.1)
    client.command(StartListening(NUMBER + 1), 1.2)
    anew = Frame(TALKING.type, 0, TALKING.payload().replace(b"\x63", b"\x64", 1))
    assert troubles(client.receive([anew], 1.3)) == ["the board has started anew"]
    assert agent.seq == 1


def test_a_stuck_microphone_is_told_to_end() -> None:
    client, _ = talking()
    client.command(StartListening(NUMBER), 0.0)
    assert troubles(client.overdue(LISTEN_START_TIMEOUT)) == ["the board's microphone is stuck"]
    assert Enough in kinds(client.due(LISTEN_START_TIMEOUT))


@pytest.mark.parametrize(("protocol", "modes"), [(1, 0xC1), (2, 0x81), (3, 0xC1)])
def test_a_board_that_cannot_is_not_asked(protocol: int, modes: int) -> None:
    """A board of another protocol is not asked either: it would not understand the request."""
    client = AgentClient(Source.BOARD)
    client.opened(0.0)
    payload = bytearray(TALKING.payload())
    payload[0], payload[18] = protocol, modes
    client.receive([Frame(TALKING.type, 0, bytes(payload))], 0.0)
    assert client.hello is not None
    assert (client.hello.protocol, client.hello.modes) == (protocol, modes)
    assert troubles(client.command(StartListening(NUMBER), 0.0)) == ["this board has no microphone"]
    assert client.due(0.0) == []
    answers = client.command(StartSpeech("The end.", 3), 0.0)
    assert isinstance(answers[0], events.Fault) == (protocol != 2)


def test_a_board_that_was_never_here_is_not_asked() -> None:
    client = AgentClient(Source.BOARD)
    assert troubles(client.command(StartListening(NUMBER), 0.0)) == ["this board has no microphone"]
    assert client.command(StopListening(), 0.0) == []
    client.command(StartRun(Request(), 1), 0.0)
