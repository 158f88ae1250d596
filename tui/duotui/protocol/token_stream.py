"""Token stream of one story: each token once and in order, even if it is regenerated.

No I/O, no clock of its own. A restarted agent knows nothing of a story. The host requests the same
one again, and compares its tokens with the earlier ones until it has caught up.
"""

import codecs
from dataclasses import replace

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import without_controls
from duotui.protocol import events, messages, story_messages
from duotui.protocol.events import Activity, EndReason, Event, Source
from duotui.protocol.request import Mode, Request
from duotui.protocol.story_check import StoryCheck
from duotui.protocol.tokens import Token

MODES, ACTIVITIES, REASONS = list(Mode), list(Activity), list(EndReason)
"""Values in the order of their numbers on the wire."""

_INTERRUPTED = (EndReason.CANCELLED, EndReason.FAILED)


class TokenStream:
    """Token stream. `next` is the index of the event needed from the agent (docs/protocol.md)."""

    def __init__(self, source: Source, request: Request, number: int) -> None:
        self.source, self.request, self.number = source, request, number
        self.next = 0
        self.over = False
        self._start: story_messages.Start | None = None
        self._ids: list[int] = []
        self._clocks: list[int] = []
        self._check = StoryCheck(request)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def started(self) -> bool:
        return self._start is not None

    @property
    def regenerating(self) -> bool:
        return self.started and self.next <= len(self._ids)

    def generate(self) -> messages.Generate:
        """Return the request for the story; after its start, with the effective seed and steps."""
        steps, seed = self.request.steps, self.request.seed
        if self._start is not None:
            steps, seed = self._start.steps, self._start.seed
        request = self.request
        return messages.Generate(
            story=self.number,
            mode=MODES.index(request.mode),
            flags=1,
            steps=steps,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=seed,
            prompt=request.prompt,
        )

    def restart(self) -> None:
        """Expect the story from its start, from a restarted agent."""
        self.next = 0
        self._check = StoryCheck(self.request, again=self.started)
        self._clocks.clear()

    def progress(self, now: float) -> list[Event]:
        """Return Regenerating during a regeneration."""
        if not self.regenerating:
            return []
        count = max(self.next - 1, 0)
        return [events.Regenerating(now, self.source, count, len(self._ids))]

    def stopped(self, now: float) -> list[Event]:
        """End the story without an agent's confirmation."""
        return self._end(EndReason.CANCELLED, now)

    def failed(self, fault: events.Fault) -> list[Event]:
        """End the story because of `fault`."""
        return [fault, *self._end(EndReason.FAILED, fault.t)]

    def _end(self, reason: EndReason, now: float) -> list[Event]:
        self.over = True
        if not self.started:
            return []
        count = len(self._ids)
        return [events.RunEnded(now, self.source, reason=reason, tokens=count, clock=0, rate=0.0)]

    def receive(
        self, event: story_messages.StoryEvent, now: float, hello: messages.Hello | None
    ) -> list[Event]:
        """Return the events that the agent's event of index `next` causes."""
        cut_off = isinstance(event, story_messages.End) and _reason(event) in _INTERRUPTED
        if self.regenerating and not cut_off and isinstance(event, story_messages.End):
            return self._compared(event, now)
        if why := self._check.contradiction(event, hello):
            text = _("the engine's story cannot be right: {why}", why=why)
            hint = _("duotui setup puts an engine of this version there")
            return self.failed(events.Fault(now, self.source, text, hint, status=Exit.LINK_BROKEN))
        if self.regenerating and not cut_off:
            return self._compared(event, now)
        self.next += 1
        match event:
            case story_messages.Start():
                self._start = event
                return [self._started(event, now)]
            case story_messages.Next():
                self._ids.append(event.id)
                text = without_controls(self._decoder.decode(event.text))
                token = Token(
                    index=event.index - 1,
                    id=event.id,
                    text=text,
                    clock=event.clock,
                    probability=min(event.probability, 1.0),
                )
                return [events.Tokens(now, self.source, (token,))]
            case story_messages.End():
                self.over = True
                return [
                    events.RunEnded(
                        now,
                        self.source,
                        reason=_reason(event),
                        tokens=event.tokens,
                        clock=event.clock,
                        rate=event.rate,
                    )
                ]
        return []

    def _compared(self, event: story_messages.StoryEvent, now: float) -> list[Event]:
        """Compare a regenerated event with the earlier one; return a Fault if they differ."""
        if not self._same(event):
            where = _("at token {next}", next=self.next) if self.next else _("at its beginning")
            return self.failed(
                events.Fault(
                    now,
                    self.source,
                    text=_("told again, the story is another one {where}", where=where),
                    hint=_("the board has another model, or cannot be trusted"),
                    status=Exit.DIFFERS,
                )
            )
        self.next += 1
        self._clocks.append(_clock(event))
        if self.regenerating:
            return []
        start, *rest = self._clocks
        return [events.Regenerated(now, self.source, start, tuple(rest))]

    def _same(self, event: story_messages.StoryEvent) -> bool:
        match event, self._start:
            case story_messages.Start(), story_messages.Start() as before:
                return replace(event, clock=before.clock) == before
            case story_messages.Next(), _:
                return event.id == self._ids[event.index - 1]
        return False

    def _started(self, start: story_messages.Start, now: float) -> events.RunStarted:
        # The request's own floats, not their float32 neighbours: 0.8 and not 0.800000011920929.
        request = replace(self.request, steps=start.steps, seed=start.seed)
        return events.RunStarted(
            now,
            self.source,
            story=start.story,
            prompt=request.prompt,
            mode=MODES[start.mode],
            steps=request.steps,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            clock=start.clock,
            ids=start.ids,
        )


def _reason(end: story_messages.End) -> EndReason:
    return REASONS[min(end.reason, REASONS.index(EndReason.FAILED))]


def _clock(event: story_messages.StoryEvent) -> int:
    return event.clock if isinstance(event, story_messages.Start | story_messages.Next) else 0
