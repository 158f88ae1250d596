"""An agent that contradicts itself ends its story: one Fault with status 7, never an exception."""

import json
import math
from dataclasses import replace

import pytest

from duotui.base.errors import Exit
from duotui.cli.run_summary import summary
from duotui.protocol import events, messages
from duotui.protocol.agent_client import AgentClient
from duotui.protocol.commands import StartRun
from duotui.protocol.events import EndReason, Event, Source
from duotui.protocol.request import Mode, Request
from duotui.protocol.story_check import CLOCK_LIMIT, TOKEN_BYTES_LIMIT
from duotui.protocol.story_exchange import BOOTS_WITHOUT_TOKEN
from duotui.protocol.story_messages import StoryEvent
from duotui.session.state import SessionState, reduce
from support.protocol_agent import HELLO, Agent
from support.short_story import START, STEPS, STORY_NUMBER, end, token

BOARD_HELLO = replace(HELLO, modes=7, context=256, vocabulary=512)


def asked(steps: int = STEPS) -> tuple[AgentClient, Agent]:
    """Client that has requested a story, and its agent."""
    client, agent = AgentClient(Source.BOARD), Agent()
    client.opened(0.0)
    client.receive(agent.frames(BOARD_HELLO), 0.0)
    client.command(StartRun(Request(mode=Mode.EXACT, steps=steps), STORY_NUMBER), 0.0)
    client.due(0.0)
    return client, agent


def told(*sent: StoryEvent) -> list[Event]:
    client, agent = asked()
    received = client.receive(agent.frames(*sent), 1.0)
    for message in client.due(1.0):
        message.payload()
    return received


def faults(received: list[Event]) -> list[events.Fault]:
    return [event for event in received if isinstance(event, events.Fault)]


def test_an_honest_story_has_no_fault() -> None:
    whole = [START, *(token(index) for index in range(1, STEPS + 1)), end(STEPS + 1)]
    received = told(*whole)
    assert faults(received) == []
    (ended,) = [event for event in received if isinstance(event, events.RunEnded)]
    assert ended.reason is EndReason.STEPS


LIES: dict[str, list[StoryEvent]] = {
    "a token first": [token(0)],
    "an end first": [end(0)],
    "a start later": [START, replace(START, index=1)],
    "an unknown mode": [replace(START, mode=3)],
    "mode 255": [replace(START, mode=255)],
    "another mode": [replace(START, mode=0)],
    "no steps": [replace(START, steps=0)],
    "other steps": [replace(START, steps=5)],
    "endless steps": [replace(START, steps=2**32 - 1)],
    "another seed": [replace(START, seed=124)],
    "no temperature": [replace(START, temperature=math.nan)],
    "an infinite top-p": [replace(START, top_p=math.inf)],
    "no prompt": [replace(START, ids=())],
    "a prompt of no tokens": [replace(START, ids=(1, 512))],
    "a clock without bounds": [replace(START, clock=CLOCK_LIMIT)],
    "a clock that runs backwards": [START, token(1), replace(token(2), clock=1000)],
    "an end before its token": [START, token(1), replace(end(2, 1), clock=1000)],
    "a token that does not exist": [START, replace(token(1), id=512)],
    "a token without bounds": [START, replace(token(1), text=b"x" * (TOKEN_BYTES_LIMIT + 1))],
    "an infinite probability": [START, replace(token(1), probability=math.inf)],
    "a negative probability": [START, replace(token(1), probability=-0.1)],
    "a probability of 3": [START, replace(token(1), probability=3.0)],
    "an end after nothing": [START, end(1, 1)],
    "an end before its steps": [START, token(1), end(2)],
    "another count of tokens": [START, token(1), replace(end(2, 1), tokens=9)],
    "a rate that is none": [START, token(1), replace(end(2, 1), rate=math.nan)],
    "an infinite rate": [START, token(1), replace(end(2, 1), rate=math.inf)],
    "a rate that nothing reaches": [START, token(1), replace(end(2, 1), rate=1.7e308)],
    "a negative rate": [START, token(1), replace(end(2, 1), rate=-1.0)],
    "a story without an end": [START, *(token(index) for index in range(1, 100))],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_contradiction_ends_the_story_with_one_fault(lie: str) -> None:
    received = told(*LIES[lie])
    (fault,) = faults(received)
    assert (fault.status, "\n" in fault.text) == (Exit.LINK_BROKEN, False)
    assert fault.text.startswith("the engine's story cannot be right: ")
    ended = [event for event in received if isinstance(event, events.RunEnded)]
    started = any(isinstance(event, events.RunStarted) for event in received)
    assert [event.reason for event in ended] == [EndReason.FAILED] * started


@pytest.mark.parametrize("lie", LIES)
def test_after_it_the_agent_is_told_to_stop_and_another_story_works(lie: str) -> None:
    client, agent = asked()
    client.receive(agent.frames(*LIES[lie]), 1.0)
    assert not client.running
    client.command(StartRun(Request(mode=Mode.EXACT, steps=STEPS), STORY_NUMBER + 1), 2.0)
    whole = [START, *(token(index) for index in range(1, STEPS + 1)), end(STEPS + 1)]
    received = client.receive(
        agent.frames(*(replace(event, story=STORY_NUMBER + 1) for event in whole)), 2.1
    )
    assert faults(received) == []
    assert not client.running


def test_the_summary_of_every_lie_is_json() -> None:
    for lie in LIES.values():
        state = SessionState()
        for event in told(*lie):
            state = reduce(state, event)
        json.loads(json.dumps(summary(state), allow_nan=False))


def test_a_story_never_has_more_tokens_than_its_ids_and_steps() -> None:
    received = told(*LIES["a story without an end"])
    count = sum(len(event.tokens) for event in received if isinstance(event, events.Tokens))
    assert count == STEPS + len(START.ids)


def test_the_whole_context_is_the_agents() -> None:
    client, agent = asked(steps=0)
    assert faults(client.receive(agent.frames(replace(START, steps=256)), 1.0)) == []
    client, agent = asked(steps=0)
    assert faults(client.receive(agent.frames(replace(START, steps=257)), 1.0)) != []
    client, agent = asked(steps=1000)
    assert faults(client.receive(agent.frames(replace(START, steps=256)), 1.0)) == []


def test_the_last_index_of_all_can_be_acknowledged() -> None:
    client, agent = asked()
    whole = [START, *(token(index) for index in range(1, STEPS + 1)), end(STEPS + 1)]
    client.receive(agent.frames(*whole), 1.0)
    client.due(1.0)
    client.receive(agent.frames(token(2**32 - 1)), 2.0)
    (ack,) = [message for message in client.due(2.0) if isinstance(message, messages.Ack)]
    assert ack.next == 2**32 - 1
    ack.payload()


def test_a_regenerated_story_keeps_its_clocks_in_order() -> None:
    client, agent = asked()
    client.receive(agent.frames(START, token(1), token(2)), 1.0)
    client.closed(1.0)
    client.opened(2.0)
    client.receive(agent.frames(replace(BOARD_HELLO, boot=100)), 2.0)
    again = [replace(START, clock=5), replace(token(1), clock=9), replace(token(2), clock=8)]
    (fault,) = faults(client.receive(agent.frames(*again), 2.1))
    assert "its clock runs backwards" in fault.text


def test_a_refusal_in_the_middle_of_a_story_ends_it() -> None:
    client, agent = asked()
    client.receive(agent.frames(START, token(1)), 1.0)
    received = client.receive(agent.frames(messages.Refused(STORY_NUMBER, 5, "no room")), 1.1)
    assert [fault.text for fault in faults(received)] == ["no room"]
    assert [type(event) for event in received if isinstance(event, events.RunEnded)]
    assert faults(client.receive(agent.frames(messages.Refused(STORY_NUMBER, 5, "no")), 1.2)) == []


def test_an_agent_that_starts_anew_again_and_again_is_given_up() -> None:
    client, agent = asked()
    received: list[Event] = []
    for boot in range(BOOTS_WITHOUT_TOKEN + 2):
        received += client.receive(
            agent.frames(replace(BOARD_HELLO, boot=1000 + boot), START), float(boot)
        )
    (fault,) = faults(received)
    assert (fault.status, client.running) == (Exit.LINK_BROKEN, False)
