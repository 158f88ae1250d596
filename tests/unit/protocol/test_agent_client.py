"""Host's side of the protocol, with a manual clock and handmade frames."""

import dataclasses
import math
from dataclasses import replace

import pytest

from duotui.base.errors import Exit
from duotui.protocol import events, messages, story_messages
from duotui.protocol.agent_client import AgentClient
from duotui.protocol.commands import PauseRun, StartRun, StopRun
from duotui.protocol.events import EndReason, Source
from duotui.protocol.frames import NoiseBytes
from duotui.protocol.link_monitor import LOST_AFTER, NO_HANDSHAKE_AFTER, PING_AFTER, SILENT_AFTER
from duotui.protocol.message_base import Message
from duotui.protocol.request import Mode, Request
from duotui.protocol.timing import RETRANSMIT_INTERVAL
from support.protocol_agent import HELLO, Agent

STORY_NUMBER = 77


def start(ids: tuple[int, ...] = (1, 5)) -> story_messages.Start:
    return story_messages.Start(
        story=STORY_NUMBER,
        index=0,
        mode=1,
        steps=256,
        temperature=1.0,
        top_p=0.9,
        seed=123,
        clock=1000,
        ids=ids,
    )


def token(index: int, text: bytes = b" a", id_: int = 7) -> story_messages.Next:
    return story_messages.Next(STORY_NUMBER, index, id_, 1000 + index, 0.5, text)


def end(index: int, reason: int = 1) -> story_messages.End:
    return story_messages.End(STORY_NUMBER, index, reason, index - 1, 9999, 24.3)


def greeted() -> tuple[AgentClient, Agent]:
    client, agent = AgentClient(Source.BOARD), Agent()
    client.opened(0.0)
    assert client.due(0.0) == [messages.AskHello()]
    (ready,) = [e for e in client.receive(agent.frames(HELLO), 0.0) if type(e) is events.Ready]
    assert ready.modes == (Mode.REFERENCE,)
    assert ready.model_hash == "6d" * 32
    return client, agent


def generating() -> tuple[AgentClient, Agent]:
    client, agent = greeted()
    client.command(StartRun(Request(), STORY_NUMBER), 0.0)
    (request,) = client.due(0.0)
    assert request == messages.Generate(
        story=STORY_NUMBER,
        mode=1,
        flags=1,
        steps=256,
        temperature=1.0,
        top_p=0.9,
        seed=123,
        prompt="Once upon a time",
    )
    client.receive(agent.frames(start()), 0.0)
    assert client.due(0.0) == [messages.Ack(STORY_NUMBER, 1)]
    return client, agent


def texts(received: list[events.Event]) -> list[str]:
    return [t.text for e in received if isinstance(e, events.Tokens) for t in e.tokens]


def test_hello_is_asked_until_it_comes_and_nothing_else_before() -> None:
    client = AgentClient(Source.BOARD)
    client.opened(0.0)
    client.command(StartRun(Request(), STORY_NUMBER), 0.0)
    for times in range(4):
        assert client.due(times * RETRANSMIT_INTERVAL) == [messages.AskHello()]
    client.receive(Agent().frames(HELLO), 2.0)
    assert [type(message) for message in client.due(2.0)] == [messages.Generate]


def test_generate_is_repeated_until_the_story_starts() -> None:
    client, agent = greeted()
    client.command(StartRun(Request(), STORY_NUMBER), 0.0)
    assert len(client.due(0.0)) == 1
    assert client.due(RETRANSMIT_INTERVAL / 2) == []
    assert type(client.due(RETRANSMIT_INTERVAL)[0]) is messages.Generate
    client.receive(agent.frames(start()), 0.4)
    assert messages.Generate not in {type(m) for m in client.due(2.0)}


def test_tokens_that_come_together_are_one_event_and_one_ack() -> None:
    client, agent = generating()
    received = client.receive(agent.frames(*(token(i) for i in range(1, 9))), 0.1)
    assert [len(e.tokens) for e in received if isinstance(e, events.Tokens)] == [8]
    assert client.due(0.1) == [messages.Ack(STORY_NUMBER, 9)]


def test_a_lost_token_is_asked_for_once_and_what_came_after_is_not_taken() -> None:
    client, agent = generating()
    received = client.receive(agent.frames(token(1), token(3), token(4)), 0.1)
    assert texts(received) == [" a"]
    assert client.due(0.1) == [messages.Ack(STORY_NUMBER, 2), messages.Resume(STORY_NUMBER, 2)]
    client.receive(agent.frames(token(5)), 0.2)
    assert messages.Resume(STORY_NUMBER, 2) not in client.due(0.2)
    client.receive(agent.frames(token(6)), 0.1 + RETRANSMIT_INTERVAL)
    assert messages.Resume(STORY_NUMBER, 2) in client.due(0.1 + RETRANSMIT_INTERVAL)
    received = client.receive(agent.frames(*(token(i) for i in range(2, 7))), 0.5)
    assert len(texts(received)) == 5


def test_a_token_that_comes_twice_is_taken_once_and_acknowledged_again() -> None:
    client, agent = generating()
    client.receive(agent.frames(token(1)), 0.1)
    client.due(0.1)
    assert texts(client.receive(agent.frames(token(1)), 0.2)) == []
    assert client.due(0.2) == [messages.Ack(STORY_NUMBER, 2)]


def test_a_character_that_two_tokens_share_is_the_second_ones() -> None:
    client, agent = generating()
    cat = "🐈".encode()
    received = client.receive(agent.frames(token(1, cat[:1]), token(2, cat[1:3])), 0.1)
    received += client.receive(agent.frames(token(3, cat[3:] + b"!")), 0.2)
    assert texts(received) == ["", "", "🐈!"]


def test_what_would_steer_a_terminal_is_left_out() -> None:
    client, agent = generating()
    received = client.receive(agent.frames(token(1, b"a\x1b[2Jb\tc\nd\x07\xc2\x9b")), 0.1)
    assert texts(received) == ["a[2Jb\tc\nd"]


def test_events_of_another_story_are_nothing() -> None:
    client, agent = generating()
    other = story_messages.Next(STORY_NUMBER + 1, 1, 7, 0, 0.5, b"x")
    assert texts(client.receive(agent.frames(other), 0.1)) == []


def test_the_end_comes_after_its_tokens() -> None:
    client, agent = generating()
    received = client.receive(agent.frames(token(1), end(2)), 0.1)
    kinds = [type(event) for event in received]
    assert kinds.index(events.Tokens) < kinds.index(events.RunEnded)
    (end_event,) = [event for event in received if isinstance(event, events.RunEnded)]
    assert (end_event.reason, end_event.rate) == (EndReason.ENDED, 24.3)
    assert not client.running
    assert messages.AskStats() in client.due(0.1)


def test_a_new_story_waits_for_the_end_of_the_old_one() -> None:
    client, agent = generating()
    client.command(StartRun(Request(prompt="Two"), STORY_NUMBER + 1), 1.0)
    assert client.due(1.0) == [messages.Cancel(STORY_NUMBER)]
    received = client.receive(agent.frames(end(1, reason=2)), 1.1)
    assert EndReason.CANCELLED in [e.reason for e in received if isinstance(e, events.RunEnded)]
    requests = [m for m in client.due(1.1) if isinstance(m, messages.Generate)]
    assert [(m.story, m.prompt) for m in requests] == [(STORY_NUMBER + 1, "Two")]


def test_a_story_left_by_another_host_is_stopped() -> None:
    client = AgentClient(Source.BOARD)
    client.opened(0.0)
    busy = replace(HELLO, state=1, story=4711, events=20)
    client.receive(Agent().frames(busy), 0.0)
    assert messages.Cancel(4711) in client.due(0.0)


def test_a_cable_that_comes_back_goes_on_where_it_was() -> None:
    client, agent = generating()
    client.receive(agent.frames(token(1), token(2)), 0.1)
    client.opened(5.0)
    same = replace(HELLO, state=1, story=STORY_NUMBER, events=9)
    client.receive(agent.frames(same), 5.0)
    assert messages.Resume(STORY_NUMBER, 3) in client.due(5.0)


def test_pause_is_repeated_until_the_agent_says_so() -> None:
    client, agent = generating()
    client.command(PauseRun(True), 0.0)
    assert client.due(0.0) == [messages.Pause(STORY_NUMBER, 1)]
    going = messages.Stats(
        story=STORY_NUMBER,
        state=1,
        tokens=3,
        clock=0,
        first=0,
        rss=1,
        peak=1,
        faults=0,
        repeats=0,
        noise=0,
    )
    client.receive(agent.frames(going), 0.1)
    assert messages.Pause(STORY_NUMBER, 1) in client.due(RETRANSMIT_INTERVAL)
    paused = messages.Stats(
        story=STORY_NUMBER,
        state=2,
        tokens=3,
        clock=0,
        first=0,
        rss=1,
        peak=1,
        faults=0,
        repeats=0,
        noise=0,
    )
    client.receive(agent.frames(paused), 0.4)
    assert messages.Pause(STORY_NUMBER, 1) not in client.due(2.0)


def test_a_refusal_is_a_fault_and_not_repeated() -> None:
    client, agent = greeted()
    client.command(StartRun(Request(), STORY_NUMBER), 0.0)
    client.due(0.0)
    received = client.receive(
        agent.frames(messages.Refused(STORY_NUMBER, 3, "too long: 300 of 256")), 0.1
    )
    assert [e.text for e in received if isinstance(e, events.Fault)] == ["too long: 300 of 256"]
    assert not client.running
    assert messages.Generate not in {type(m) for m in client.due(1.0)}


def test_silence_is_asked_about_then_told_once_and_its_end_too() -> None:
    client, agent = generating()
    assert client.due(PING_AFTER / 2) == []
    assert type(client.due(PING_AFTER)[0]) is messages.Ping
    assert client.overdue(SILENT_AFTER * 0.9) == []
    assert [type(e) for e in client.overdue(SILENT_AFTER)] == [events.LinkSilent]
    assert client.overdue(SILENT_AFTER * 2) == []
    received = client.receive(agent.frames(messages.Pong(1, 0)), 3.0)
    assert events.LinkResponding in [type(e) for e in received]


def test_noise_and_lost_frames_are_counted() -> None:
    client, agent = generating()
    agent.seq += 4
    noise = NoiseBytes(b"[  12.5] usb 1-1: new device")
    received = client.receive([noise, *agent.frames(token(1))], 0.1)
    (noise_event,) = [e for e in received if isinstance(e, events.LineNoise)]
    assert (noise_event.count, noise_event.text) == (28, "[  12.5] usb 1-1: new device")
    (health,) = [e for e in received if isinstance(e, events.LinkHealth)]
    assert (health.acknowledged, health.lost, health.noise) == (2, 4, 28)


def test_noise_that_is_not_text_is_not_shown() -> None:
    client, _ = greeted()
    (noise_event,) = [
        e
        for e in client.receive([NoiseBytes(bytes(range(1, 200)))], 0.1)
        if isinstance(e, events.LineNoise)
    ]
    assert noise_event.text == ""


def test_a_probability_that_is_not_told_is_nan() -> None:
    client, agent = generating()
    silent = story_messages.Next(STORY_NUMBER, 1, 7, 1001, math.nan, b"x")
    received = client.receive(agent.frames(silent), 0.1)
    (generated,) = [t for e in received if isinstance(e, events.Tokens) for t in e.tokens]
    assert math.isnan(generated.probability)


OTHER_HELLO = dataclasses.replace(HELLO, boot=100)


def restarted(*generated: Message, paused: bool = False) -> tuple[AgentClient, Agent]:
    """Client that received `before` after the start, and now meets a restarted agent. It has not
    yet asked that agent for anything."""
    client, agent = generating()
    client.receive(agent.frames(*generated), 0.1)
    if paused:
        client.command(PauseRun(True), 0.2)
    client.closed(0.0)
    client.opened(1.0)
    client.receive(agent.frames(OTHER_HELLO), 1.0)
    return client, agent


def test_an_agent_that_was_started_anew_is_asked_for_the_same_story() -> None:
    client, agent = generating()
    client.receive(agent.frames(token(1, b" a"), token(2, b" b")), 0.1)
    client.closed(0.0)
    client.opened(1.0)
    received = client.receive(agent.frames(OTHER_HELLO), 1.0)
    assert [e for e in received if isinstance(e, events.Regenerating)] == [
        events.Regenerating(1.0, Source.BOARD, 0, 2)
    ]
    requests = [m for m in client.due(1.0) if isinstance(m, messages.Generate)]
    assert requests == [
        messages.Generate(
            story=STORY_NUMBER,
            mode=1,
            flags=1,
            steps=256,
            temperature=1.0,
            top_p=0.9,
            seed=123,
            prompt="Once upon a time",
        )
    ]


def test_what_is_told_again_is_not_told_twice() -> None:
    client, agent = restarted(token(1, b" a"), token(2, b" \xc3"))
    received = client.receive(agent.frames(start(), token(1, b" a")), 1.1)
    assert texts(received) == []
    assert events.Regenerating(1.1, Source.BOARD, 1, 2) in received
    assert messages.Ack(STORY_NUMBER, 2) in client.due(1.1)
    received = client.receive(agent.frames(token(2, b" \xc3"), token(3, b"\xa9")), 1.2)
    # half of the character was received before, the other half is new
    assert texts(received) == ["é"]
    assert events.Regenerated(1.2, Source.BOARD, 1000, (1001, 1002)) in received
    assert not [e for e in received if isinstance(e, events.Regenerating | events.RunStarted)]
    end_event = [e for e in client.receive(agent.frames(end(4)), 1.3) if type(e) is events.RunEnded]
    assert [e.reason for e in end_event] == [EndReason.ENDED]


@pytest.mark.parametrize("other", [start((1, 6)), token(1, id_=8), end(1)], ids=type)
def test_another_story_is_seen_and_ends(other: story_messages.StoryEvent) -> None:
    client, agent = restarted(token(1), token(2))
    first = [] if isinstance(other, story_messages.Start) else [start()]
    received = client.receive(agent.frames(*first, other), 1.1)
    (fault,) = [e for e in received if isinstance(e, events.Fault)]
    assert fault.status == Exit.DIFFERS
    (end_event,) = [e for e in received if isinstance(e, events.RunEnded)]
    assert (end_event.reason, end_event.tokens) == (EndReason.FAILED, 2)
    ends = isinstance(other, story_messages.End)
    assert (messages.Cancel(STORY_NUMBER) in client.due(1.1)) is not ends
    client.receive(agent.frames(token(3)), 1.2)
    assert messages.Ack(STORY_NUMBER, 4) in client.due(1.2)
    assert not client.running


def test_a_story_that_is_stopped_while_it_is_told_again_is_stopped() -> None:
    client, agent = restarted(token(1), token(2))
    client.receive(agent.frames(start()), 1.1)
    assert client.command(StopRun(), 1.2) == []
    assert messages.Cancel(STORY_NUMBER) in client.due(1.2)
    received = client.receive(agent.frames(end(1, reason=2)), 1.3)
    assert [e.reason for e in received if isinstance(e, events.RunEnded)] == [EndReason.CANCELLED]
    assert not [e for e in received if isinstance(e, events.Fault)]


def test_a_story_that_is_stopped_while_the_board_is_away_ends_at_once() -> None:
    client, agent = generating()
    client.receive(agent.frames(token(1)), 0.1)
    client.closed(0.0)
    (end_event,) = client.command(StopRun(), 0.5)
    assert isinstance(end_event, events.RunEnded)
    assert (end_event.reason, end_event.tokens) == (EndReason.CANCELLED, 1)
    client.opened(1.0)
    same = dataclasses.replace(HELLO, state=1, story=STORY_NUMBER, events=9)
    client.receive(agent.frames(same), 1.0)
    assert client.due(1.0) == [messages.Cancel(STORY_NUMBER)]


def test_a_stop_that_a_loss_swallowed_holds_when_the_board_is_back() -> None:
    for hello, reasons in ((HELLO, []), (OTHER_HELLO, [EndReason.CANCELLED])):
        client, agent = generating()
        assert client.command(StopRun(), 0.1) == []
        client.closed(0.0)
        client.opened(1.0)
        status = dataclasses.replace(
            hello, state=1, story=STORY_NUMBER if hello is HELLO else 0, events=1
        )
        received = client.receive(agent.frames(status), 1.0)
        assert [e.reason for e in received if isinstance(e, events.RunEnded)] == reasons
        assert (messages.Cancel(STORY_NUMBER) in client.due(1.0)) == (hello is HELLO)


def test_a_paused_story_is_paused_again_when_it_was_told_again() -> None:
    client, agent = restarted(token(1), paused=True)
    client.due(1.0)
    client.receive(agent.frames(start(), token(1)), 1.1)
    assert messages.Pause(STORY_NUMBER, 1) in client.due(1.1)


@pytest.mark.parametrize("on", [True, False])
def test_a_pause_that_a_loss_swallowed_holds_when_the_board_is_back(on: bool) -> None:
    client, agent = generating()
    client.command(PauseRun(on), 0.1)
    client.closed(0.0)
    client.opened(1.0)
    status = dataclasses.replace(HELLO, state=1 if on else 2, story=STORY_NUMBER, events=1)
    client.receive(agent.frames(status), 1.0)
    assert messages.Pause(STORY_NUMBER, int(on)) in client.due(1.0)
    client.closed(0.0)
    client.opened(2.0)
    client.receive(agent.frames(dataclasses.replace(status, state=2 if on else 1)), 2.0)
    assert client.due(2.0) == [messages.Resume(STORY_NUMBER, 1)]


def test_an_agent_that_holds_another_story_is_asked_for_ours_again() -> None:
    client, agent = generating()
    client.receive(agent.frames(token(1)), 0.1)
    client.closed(0.0)
    client.opened(1.0)
    client.receive(agent.frames(dataclasses.replace(HELLO, state=1, story=5, events=3)), 1.0)
    sent = client.due(1.0)
    assert messages.Cancel(5) in sent
    assert messages.Generate in {type(message) for message in sent}


def test_an_agent_is_given_up_when_it_is_silent_for_long() -> None:
    client, agent = greeted()
    assert not client.lost_reason(LOST_AFTER - 0.1)
    assert client.lost_reason(LOST_AFTER)
    client.closed(0.0)
    client.opened(10.0)
    # it may be reading its model
    assert not client.lost_reason(10.0 + LOST_AFTER)
    assert client.lost_reason(10.0 + NO_HANDSHAKE_AFTER)
    client.receive(agent.frames(OTHER_HELLO), 20.0)
    assert not client.lost_reason(20.0 + LOST_AFTER - 0.1)


def test_an_agent_that_was_never_here_is_not_given_up() -> None:
    client = AgentClient(Source.BOARD)
    client.opened(0.0)
    assert not client.lost_reason(1000.0)


def test_a_board_that_says_that_it_starts_is_not_waited_for() -> None:
    client, _ = greeted()
    client.receive([NoiseBytes(b"[    0.000000] Linux version 5.10.4\r\n")], 0.1)
    assert client.lost_reason(0.1) == "the board starts anew"
    client.opened(0.2)
    assert not client.lost_reason(0.3)


def test_an_agent_that_says_that_it_leaves_is_not_waited_for() -> None:
    client, agent = greeted()
    client.receive(agent.frames(messages.Gone()), 0.1)
    assert client.lost_reason(0.1) == "the engine has ended"
