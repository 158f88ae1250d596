"""Check of a story's events: by its request, by its agent's HELLO, and by the events before. Pure.

An agent may be broken, or another program. What its CRC vouches for is no noise of the line, so a
contradiction ends the story (docs/protocol.md, Contradictions).
"""

import math
import struct
from dataclasses import dataclass

from duotui.base.translation import gettext as _
from duotui.protocol import story_messages
from duotui.protocol.messages import Hello
from duotui.protocol.request import Mode, Request

STORY_LIMIT = 1 << 20
"""Steps of a story, at most: the longest context that the engine reads."""

TOKEN_BYTES_LIMIT = 1024
"""Bytes of a token's text, at most. The longest of a tokenizer has some dozens."""

CLOCK_LIMIT = 1 << 62
"""Microseconds that no clock reaches."""

PROBABILITY_LIMIT = 1.001
"""Largest probability: a sum in fp32 may be a little less than 1."""

RATE_LIMIT = 1e9
"""tok/s that no engine reaches."""


_STEPS_USED, _BOS = 0, 1
"""Reasons of an END."""


@dataclass
class StoryCheck:
    """Check of one generation of a story, from its START on. `again`: it is a regeneration, whose
    START is compared with the first one instead of the request."""

    request: Request
    again: bool = False
    _start: story_messages.Start | None = None
    _clock: int = 0

    def contradiction(self, event: story_messages.StoryEvent, hello: Hello | None) -> str:
        """Return what contradicts the request, `hello` or the events before; "" if nothing does."""
        if isinstance(event, story_messages.Start) != (event.index == 0):
            return _("it does not begin with its start")
        why = self._wrong_clock(event)
        match event:
            case story_messages.Start():
                why = why or ("" if self.again else self._wrong_start(event, hello))
                self._start = event
            case story_messages.Next():
                why = why or self._wrong_token(event, hello)
            case story_messages.End():
                why = why or self._wrong_end(event)
        return why

    def _wrong_clock(self, event: story_messages.StoryEvent) -> str:
        assert isinstance(event, story_messages.Start | story_messages.Next | story_messages.End)
        before, self._clock = self._clock, event.clock
        if event.clock >= CLOCK_LIMIT:
            return _("its clock is beyond all bounds")
        return _("its clock runs backwards") if event.clock < before else ""

    def _wrong_start(self, start: story_messages.Start, hello: Hello | None) -> str:
        request = self.request
        context = (hello.context if hello is not None else 0) or STORY_LIMIT
        vocabulary = hello.vocabulary if hello is not None else 0
        if start.mode >= len(Mode):
            return _("it is told in mode {mode}, which this duotui does not know", mode=start.mode)
        if start.mode != list(Mode).index(request.mode):
            return _(
                "it is told in mode {mode}, not {wanted}",
                mode=list(Mode)[start.mode],
                wanted=request.mode,
            )
        if start.steps > STORY_LIMIT:
            return _(
                "it has {steps} steps; no engine has more than {limit}",
                steps=start.steps,
                limit=STORY_LIMIT,
            )
        if start.steps != min(request.steps or context, context):
            return _(
                "it has {steps} steps, not {wanted}",
                steps=start.steps,
                wanted=request.steps or context,
            )
        if request.seed not in (0, start.seed):
            return _("it has seed {seed}, not {wanted}", seed=start.seed, wanted=request.seed)
        told, wanted = (start.temperature, start.top_p), (request.temperature, request.top_p)
        if told != tuple(map(_as_float32, wanted)):
            return _(
                "it has temperature {temperature:g} and top-p {top_p:g}, which were not requested",
                temperature=told[0],
                top_p=told[1],
            )
        if not start.ids or (vocabulary and max(start.ids) >= vocabulary):
            return _("its prompt is not one of its own tokens")
        return ""

    def _wrong_token(self, token: story_messages.Next, hello: Hello | None) -> str:
        assert self._start is not None
        vocabulary = hello.vocabulary if hello is not None else 0
        if token.index > self._start.steps + len(self._start.ids):
            return _("it has more tokens than its {steps} steps", steps=self._start.steps)
        if vocabulary and token.id >= vocabulary:
            return _("token {id} is none of its {vocabulary}", id=token.id, vocabulary=vocabulary)
        if len(token.text) > TOKEN_BYTES_LIMIT:
            return _("a token has {count} bytes", count=len(token.text))
        if not (math.isnan(token.probability) or 0 <= token.probability <= PROBABILITY_LIMIT):
            return _("a token has the probability {probability:g}", probability=token.probability)
        return ""

    def _wrong_end(self, end: story_messages.End) -> str:
        assert self._start is not None
        if end.tokens != end.index - 1:
            return _(
                "it ends after {tokens} tokens, not {index}", tokens=end.tokens, index=end.index - 1
            )
        if end.reason == _STEPS_USED and end.tokens != self._start.steps:
            return _(
                "it ends after {tokens} of its {steps} steps",
                tokens=end.tokens,
                steps=self._start.steps,
            )
        if end.reason == _BOS and end.tokens == 0:
            return _("it ends before its first token")
        if not 0 <= end.rate < RATE_LIMIT:
            return _("it was told at {rate:g} tok/s", rate=end.rate)
        return ""


def _as_float32(value: float) -> float:
    (rounded,) = struct.unpack("<f", struct.pack("<f", value))
    return float(rounded)
