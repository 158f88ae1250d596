"""An agent that answers and tells nothing is given up, after a time that is passed in."""

from collections.abc import Callable
from dataclasses import replace

from duotui.base.errors import Exit
from duotui.protocol import events, messages
from duotui.protocol.agent_client import AgentClient
from duotui.protocol.commands import PauseRun, StartRun, StopRun
from duotui.protocol.events import EndReason, Event, Source
from duotui.protocol.message_base import Message
from duotui.protocol.progress_timer import LONGEST_STEP, ProgressTimer
from duotui.protocol.request import Mode, Request
from duotui.protocol.timing import STORY_TIMEOUT
from support.protocol_agent import HELLO, Agent
from support.short_story import START, STATS, STORY_NUMBER, end, token

PATIENCE = 100.0
TICK = 0.5
SLOWEST_TOKEN = 1 / 0.36
"""Seconds a token: stories15M in fp32 on a Duo, read from the card (docs/performance.md)."""


class Waiting:
    """Client whose agent answers every message by a pong, and otherwise what a test sends."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.client, self.agent = AgentClient(Source.BOARD, patience), Agent()
        self.now = 0.0
        self.events: list[Event] = []
        self.client.opened(0.0)
        self.receive(replace(HELLO, modes=7))
        self.client.command(
            StartRun(Request(mode=Mode.EXACT, steps=START.steps), STORY_NUMBER), 0.0
        )

    def receive(self, *sent: Message) -> None:
        self.events += self.client.receive(self.agent.frames(*sent), self.now)

    def wait(self, seconds: float, answer: Callable[[], Message] | None = None) -> list[Event]:
        """Pass the time; return the events of this wait."""
        before, until = len(self.events), self.now + seconds
        while self.now < until:
            self.now += TICK
            self.client.due(self.now)
            self.receive(answer() if answer is not None else messages.Pong(1, 0))
            self.events += self.client.overdue(self.now)
        return self.events[before:]

    @property
    def faults(self) -> list[events.Fault]:
        return [event for event in self.events if isinstance(event, events.Fault)]


def test_an_agent_that_never_starts_is_given_up() -> None:
    waiting = Waiting()
    waiting.wait(PATIENCE - 1)
    assert waiting.faults == []
    waiting.wait(2)
    (fault,) = waiting.faults
    assert (fault.status, fault.text) == (
        Exit.LINK_BROKEN,
        "the engine has told nothing for 100 s",
    )
    assert not waiting.client.running


def test_an_agent_that_stops_in_its_story_is_given_up() -> None:
    waiting = Waiting()
    waiting.receive(START, token(1))
    ended = [event for event in waiting.wait(PATIENCE + 1) if isinstance(event, events.RunEnded)]
    assert [event.reason for event in ended] == [EndReason.FAILED]


def test_gauges_gaps_and_repeats_are_no_progress() -> None:
    for answer in (replace(STATS, state=1), token(3), START):
        waiting = Waiting()
        waiting.receive(START, token(1))
        waiting.wait(PATIENCE + 1, lambda answer=answer: answer)  # type: ignore[misc]
        assert len(waiting.faults) == 1


def test_an_agent_that_never_says_that_it_is_idle_is_given_up() -> None:
    waiting = Waiting()
    waiting.receive(START, token(1), end(2, 1))
    waiting.wait(PATIENCE + 1, lambda: replace(STATS, state=255))
    (fault,) = waiting.faults
    assert "does not say that its story is over" in fault.text


def test_a_stop_that_is_never_confirmed_is_a_stop() -> None:
    waiting = Waiting()
    waiting.receive(START, token(1))
    waiting.client.command(StopRun(), waiting.now)
    ended = [event for event in waiting.wait(PATIENCE + 1) if isinstance(event, events.RunEnded)]
    assert ([event.reason for event in ended], waiting.faults) == ([EndReason.CANCELLED], [])


def test_a_pause_may_be_long() -> None:
    waiting = Waiting()
    waiting.receive(START, token(1))
    waiting.client.command(PauseRun(True), waiting.now)
    waiting.wait(3 * PATIENCE, lambda: replace(STATS, state=2))
    assert waiting.faults == []
    waiting.client.command(PauseRun(False), waiting.now)
    waiting.wait(PATIENCE - 1, lambda: replace(STATS, state=1))
    assert waiting.faults == []


def test_the_slowest_board_is_not_given_up() -> None:
    """Its model is read, its prompt of 100 tokens is prefilled at once, and each token is slow."""
    waiting = Waiting(STORY_TIMEOUT)
    waiting.wait(100 * SLOWEST_TOKEN)
    waiting.receive(START)
    for index in range(1, START.steps + 1):
        waiting.wait(SLOWEST_TOKEN)
        waiting.receive(token(index))
    assert waiting.faults == []


def test_a_host_that_slept_does_not_blame_the_agent() -> None:
    timer = ProgressTimer(10.0)
    assert not timer.is_over(0.0)
    assert not timer.is_over(1000.0)  # a second of it counts
    assert LONGEST_STEP < 10
    assert not timer.is_over(1008.0)
    passed = [timer.is_over(1008.0 + step) for step in range(1, 12)]
    assert passed.index(True) > 5


def test_after_it_the_next_story_is_asked_for() -> None:
    waiting = Waiting()
    waiting.wait(PATIENCE + 1)
    waiting.client.command(StartRun(Request(mode=Mode.EXACT, steps=4), 78), waiting.now)
    sent = waiting.client.due(waiting.now)
    assert 78 in [message.story for message in sent if isinstance(message, messages.Generate)]
