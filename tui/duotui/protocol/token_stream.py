"""One story as the host has it: each token once and in order, also where it is told again.

No I/O, no time of its own. An agent that was started anew knows nothing of a story; it is asked
for the same one, and what it tells is compared with what was told until the two meet.
"""

import codecs
from dataclasses import replace

from duotui.base.errors import Exit
from duotui.protocol import events, messages, story_messages
from duotui.protocol.events import Activity, EndReason, Event, Source
from duotui.protocol.request import Mode, Request
from duotui.protocol.tokens import Token

MODES, ACTIVITIES, REASONS = list(Mode), list(Activity), list(EndReason)
"""In the order of their numbers on the wire."""

CONTROL_CHARACTERS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
"""What `str.translate` leaves out: no terminal is to obey a story."""
del CONTROL_CHARACTERS[ord("\n")], CONTROL_CHARACTERS[ord("\t")]

_INTERRUPTED = (EndReason.CANCELLED, EndReason.FAILED)


class TokenStream:
    """`next` is the index of the event that is needed from the agent (docs/protocol.md)."""

    def __init__(self, source: Source, request: Request, number: int) -> None:
        self.source, self.request, self.number = source, request, number
        self.next = 0
        self.over = False
        self._start: story_messages.Start | None = None
        self._ids: list[int] = []
        self._clocks: list[int] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def started(self) -> bool:
        return self._start is not None

    @property
    def regenerating(self) -> bool:
        return self.started and self.next <= len(self._ids)

    def generate(self) -> messages.Generate:
        """How it is asked for; once it has begun, with the seed and steps that were really used."""
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
        """Another agent is to tell it, from its start."""
        self.next = 0
        self._clocks.clear()

    def progress(self, now: float) -> list[Event]:
        """How far it is told again."""
        if not self.regenerating:
            return []
        told = max(self.next - 1, 0)
        return [events.Regenerating(now, self.source, told, len(self._ids))]

    def stopped(self, now: float) -> list[Event]:
        """It ends here, with no agent to say so."""
        self.over = True
        if not self.started:
            return []
        return [
            events.RunEnded(
                now,
                self.source,
                reason=EndReason.CANCELLED,
                tokens=len(self._ids),
                clock=0,
                rate=0.0,
            )
        ]

    def receive(self, event: story_messages.StoryEvent, now: float) -> list[Event]:
        """What the event of index `next` means to whoever watches."""
        cut_off = isinstance(event, story_messages.End) and _reason(event) in _INTERRUPTED
        if self.regenerating and not cut_off:
            return self._compared(event, now)
        self.next += 1
        match event:
            case story_messages.Start():
                self._start = event
                return [self._started(event, now)]
            case story_messages.Next():
                self._ids.append(event.id)
                text = self._decoder.decode(event.text).translate(CONTROL_CHARACTERS)
                token = Token(
                    index=event.index - 1,
                    id=event.id,
                    text=text,
                    clock=event.clock,
                    probability=event.probability,
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
        """An event that is told again, which must be what it was."""
        if not self._same(event):
            self.over = True
            where = f"at token {self.next}" if self.next else "at its beginning"
            told = len(self._ids)
            return [
                events.Fault(
                    now,
                    self.source,
                    text=f"told again, the story is another one {where}",
                    hint="the board has another model, or cannot be trusted",
                    status=Exit.DIFFERS,
                ),
                events.RunEnded(
                    now, self.source, reason=EndReason.FAILED, tokens=told, clock=0, rate=0.0
                ),
            ]
        self.next += 1
        self._clocks.append(_clock(event))
        if self.regenerating:
            return []
        start, *rest = self._clocks
        return [events.Regenerated(now, self.source, start, tuple(rest))]

    def _same(self, event: story_messages.StoryEvent) -> bool:
        match event, self._start:
            case story_messages.Start(), story_messages.Start() as before:
                return (event.ids, event.steps, event.seed) == (
                    before.ids,
                    before.steps,
                    before.seed,
                )
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
