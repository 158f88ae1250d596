"""Exchange of one story with an agent: request, events, acknowledgement, resume, pause, cancel.

No I/O, no clock. The exchange requests lost events again, and resumes the story where it stopped.
An agent that contradicts itself, or makes no progress, ends the story.
"""

import math

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.protocol import events, messages, story_messages
from duotui.protocol.agent_events import activity_of
from duotui.protocol.events import Activity, Event, Source
from duotui.protocol.message_base import Message
from duotui.protocol.outbox import Outbox
from duotui.protocol.progress_timer import ProgressTimer
from duotui.protocol.request import Request
from duotui.protocol.timing import RETRANSMIT_INTERVAL
from duotui.protocol.token_stream import TokenStream

BOOTS_WITHOUT_TOKEN = 5
"""Restarts of the agent in a row without a new token until a story is given up."""

_LAST_INDEX = 0xFFFFFFFF
_REFUSED_HINTS = {
    3: N_("use a shorter prompt"),
    4: N_("choose another mode"),
}


class StoryExchange:
    """The story that is wanted from an agent, one at a time. `connected` is True after a handshake
    on the open port."""

    def __init__(self, source: Source, outbox: Outbox, patience: float) -> None:
        self.source = source
        self.stream = TokenStream(source, Request(), 0)
        self.stream.over = True
        self.connected = False
        self._outbox = outbox
        self._paused = False
        self._next_run: tuple[Request, int] | None = None
        self._gap_requested_at = -math.inf
        self._ack_due = False
        self._progress = ProgressTimer(patience)
        self._boots = 0

    @property
    def running(self) -> bool:
        return not self.stream.over

    def wants(self, number: int) -> bool:
        return self.running and self.stream.number == number

    def opened(self) -> None:
        """Begin anew on a port that was opened. A requested story is still wanted."""
        self.connected = self._ack_due = False
        self._progress.restart()
        self._outbox.forget_but(messages.Generate, messages.Cancel)

    def greeted(self, hello: messages.Hello, rebooted: bool, now: float) -> list[Event]:
        """Resume with an agent that has sent its HELLO; `rebooted` if it is another one."""
        self.connected = True
        self._boots += rebooted
        return self._resume(hello, now)

    def acknowledgement(self) -> list[Message]:
        """Return the ACK of the events since the last call, if there were any."""
        due, self._ack_due = self._ack_due, False
        return [messages.Ack(self.stream.number, self.stream.next)] if due else []

    def answered(self, stats: messages.Stats) -> None:
        """Take the agent's gauges, which answer PAUSE and STATS?."""
        activity = activity_of(stats.state)
        pause = messages.Pause(stats.story, activity is Activity.PAUSED)
        if self._outbox.unanswered(messages.Pause) == pause:
            self._outbox.answered(messages.Pause)
        if activity is Activity.IDLE:
            self._outbox.answered(messages.AskStats)

    def refused(self, refusal: messages.Refused, now: float) -> list[Event]:
        hint = _(_REFUSED_HINTS.get(refusal.code, ""))
        return self._give_up(events.Fault(now, self.source, refusal.text, hint), now)

    def generate(self, request: Request, story: int, now: float) -> None:
        if not self.stream.over and self.connected:
            self._next_run = (request, story)
            self._send_cancel(now)
            return
        self._next_run = None
        self._paused, self._boots = False, 0
        self._progress.restart()
        self._outbox.answered(messages.Cancel, messages.AskStats)
        self.stream = TokenStream(self.source, request, story)
        self._outbox.repeat(self.stream.generate(), now)

    def stop(self, now: float) -> list[Event]:
        if self.stream.over:
            return []
        self._next_run = None
        if not self.connected:
            return self._stopped(now)
        self._send_cancel(now)
        return []

    def pause(self, on: bool, now: float) -> None:
        if not self.stream.over:
            self._paused = on
            self._progress.restart()
            self._outbox.repeat(messages.Pause(self.stream.number, int(on)), now)

    def _send_cancel(self, now: float) -> None:
        self._outbox.answered(messages.Generate, messages.Pause)
        self._outbox.repeat(messages.Cancel(self.stream.number), now)

    def _stopped(self, now: float) -> list[Event]:
        self._outbox.answered(messages.Generate, messages.Pause, messages.Cancel)
        ended = self.stream.stopped(now)
        if self._next_run:
            self.generate(*self._next_run, now)
        return ended

    def _resume(self, hello: messages.Hello, now: float) -> list[Event]:
        """Resume the wanted story with an agent that may hold it, another one or none."""
        story = self.stream
        held = hello.story == story.number and not story.over
        if hello.state and not held:
            self._outbox.send(messages.Cancel(hello.story))  # the story of an earlier host
        if story.over:
            return []
        if held:
            self._outbox.send(messages.Resume(story.number, story.next))
            if self._paused != (activity_of(hello.state) is Activity.PAUSED):
                self.pause(self._paused, now)  # repeats the Pause that was lost
            return []
        if messages.Cancel in self._outbox:
            return self._stopped(now)
        if self._boots > BOOTS_WITHOUT_TOKEN:
            why = _("the engine started anew again and again, without a new word")
            return self._give_up(self._broken(why, now), now)
        story.restart()
        self._outbox.repeat(story.generate(), now)
        return []

    def receive(
        self, event: story_messages.StoryEvent, now: float, hello: messages.Hello | None
    ) -> list[Event]:
        story = self.stream
        if event.story != story.number:
            return []
        self._ack_due = True
        if story.over:
            # unwanted, but acknowledged so that the agent does not retransmit it
            story.next = max(story.next, min(event.index + 1, _LAST_INDEX))
            if isinstance(event, story_messages.End):
                self._outbox.answered(messages.Cancel)
            return []
        if event.index > story.next:
            if now >= self._gap_requested_at + RETRANSMIT_INTERVAL:
                self._gap_requested_at = now
                self._outbox.send(messages.Resume(story.number, story.next))
            return []
        if event.index < story.next:
            return []
        self._gap_requested_at = -math.inf
        self._progress.restart()
        if isinstance(event, story_messages.Start):
            self._outbox.answered(messages.Generate)
        caused = story.receive(event, now, hello)
        if any(isinstance(event, events.Tokens) for event in caused):
            self._boots = 0
        if any(isinstance(event, events.Regenerated) for event in caused) and self._paused:
            self._outbox.repeat(messages.Pause(story.number, 1), now)
        if story.over:
            self._ended(isinstance(event, story_messages.End), now)
        return caused

    def _give_up(self, fault: events.Fault, now: float) -> list[Event]:
        """End the story because of `fault`."""
        ended = self.stream.failed(fault)
        self._ended(False, now)
        return ended

    def _ended(self, by_agent: bool, now: float) -> None:
        self._outbox.answered(messages.Generate, messages.Cancel, messages.Pause)
        if by_agent:
            self._outbox.repeat(messages.AskStats(), now)
        else:
            self._outbox.repeat(messages.Cancel(self.stream.number), now)
        if self._next_run:
            self.generate(*self._next_run, now)

    def _broken(self, why: str, now: float) -> events.Fault:
        hint = _("turn the board off and on")
        return events.Fault(now, self.source, why, hint, status=Exit.LINK_BROKEN)

    def overdue(self, now: float) -> list[Event]:
        """End what the agent does not carry on, although it answers."""
        waits = not self.stream.over and not self._paused
        if not (waits or messages.AskStats in self._outbox) or not self._progress.is_over(now):
            return []
        self._progress.restart()
        if messages.Cancel in self._outbox:
            return self._stopped(now)
        if waits:
            why = _("the engine has told nothing for {limit:.0f} s", limit=self._progress.limit)
            return self._give_up(self._broken(why, now), now)
        self._outbox.answered(messages.AskStats)
        return [self._broken(_("the engine does not say that its story is over"), now)]
