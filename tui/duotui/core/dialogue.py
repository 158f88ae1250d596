"""What the host says to one agent, and what it makes of the answers. No I/O, no threads.

Frames and the time go in; events and messages come out. It repeats what was not answered,
asks again for what was lost, and gives each token once, in order: docs/protocol.md.
"""

import codecs
import itertools
import math
from collections.abc import Iterable
from dataclasses import replace

from duotui.core import events
from duotui.core.events import Activity, Event, Mode, Narrator, Reason, Request, Token
from duotui.link import messages
from duotui.link.frames import Frame, NoiseBytes
from duotui.link.messages import Message

REPEAT = 0.3
"""Seconds until an unanswered command is said again."""

QUIET = 0.25
"""Seconds without a byte until the agent is asked whether it is there."""

SILENT = 1.0
"""Seconds without a byte until the user is told."""

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
del _CONTROLS[ord("\n")], _CONTROLS[ord("\t")]
_MODES, _ACTIVITIES, _REASONS = list(Mode), list(Activity), list(Reason)
_BUSY = 1
_HINTS = {
    3: "use a shorter prompt",
    4: "choose another mode",
}


class Dialogue:
    """With one narrator. `story` numbers must differ between stories and processes."""

    def __init__(self, narrator: Narrator) -> None:
        self.narrator = narrator
        self.hello: messages.Hello | None = None
        self._connected = False
        self._ids = itertools.count(1)
        self._asked: dict[type[Message], tuple[Message, float]] = {}
        self._out: list[Message] = []
        self._request: Request | None = None
        self._story = 0
        self._next = 0
        self._over = True
        self._then: tuple[Request, int] | None = None
        self._gap_asked = -math.inf
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._heard = self._pinged = 0.0
        self._silent = False
        self._seq: int | None = None
        self._noise = self._lost = self._repeated = 0
        self._health: tuple[int, int, int, int] = (0, 0, 0, 0)

    # --- what the user wants ---

    def opened(self, now: float) -> None:
        """A port was opened: ask who is there. A story that was asked for is still wanted."""
        self._seq, self._silent, self._connected = None, False, False
        self._heard = self._pinged = now
        self._asked = {k: v for k, v in self._asked.items() if k is messages.Generate}
        self._ask(messages.AskHello(), now)

    def closed(self) -> None:
        """The port is gone. The story may still be told there: `opened` will show."""
        self._connected = False

    def tell(self, request: Request, story: int, now: float) -> None:
        """Ask for a story; `story` is its number, not 0. One that is being told ends first."""
        if not self._over and self._connected:
            self._then = (request, story)
            self.stop(now)
            return
        self._then = None
        self._request, self._story, self._next, self._over = request, story, 0, False
        self._decoder.reset()
        self._ask(
            messages.Generate(
                story, _MODES.index(request.mode), 1, request.steps, request.temperature,
                request.top_p, request.seed, request.prompt,
            ),
            now,
        )  # fmt: skip

    def stop(self, now: float) -> None:
        if not self._over:
            self._asked.pop(messages.Generate, None)
            self._asked.pop(messages.Pause, None)
            self._ask(messages.Cancel(self._story), now)

    def pause(self, on: bool, now: float) -> None:
        if not self._over:
            self._ask(messages.Pause(self._story, int(on)), now)

    @property
    def telling(self) -> bool:
        return not self._over

    # --- what came ---

    def receive(self, items: Iterable[Frame | NoiseBytes], now: float) -> list[Event]:
        """The events in a batch; what there is to answer is left for `due`."""
        found: list[Event] = []
        tokens: list[Token] = []
        for item in items:
            message = self._message(item, now, found)
            if isinstance(message, messages.StoryEvent):
                self._story_event(message, now, found, tokens)
            elif message is not None:
                self._answer(message, now, found)
        self._flush(tokens, found, now)
        health = (self._next, self._repeated, self._lost, self._noise)
        if health != self._health:
            self._health = health
            found.append(events.Health(now, self.narrator, *health))
        return found

    def _message(self, item: Frame | NoiseBytes, now: float, found: list[Event]) -> Message | None:
        if isinstance(item, Frame):
            self._heard = now
            if self._silent:
                self._silent = False
                found.append(events.LinkAnswers(now, self.narrator))
            if self._seq is not None:
                self._lost += (item.seq - self._seq - 1) & 0xFFFF
            self._seq = item.seq
            try:
                return messages.parse(item.type, item.payload)
            except messages.Malformed:
                item = NoiseBytes(item.payload)
        self._noise += len(item.data)
        found.append(events.Noise(now, self.narrator, len(item.data), readable(item.data)))
        return None

    def _answer(self, message: Message, now: float, found: list[Event]) -> None:
        match message:
            case messages.Hello():
                self._greet(message, now, found)
            case messages.Stats(story=story) if story == self._story:
                activity = _ACTIVITIES[min(message.state, len(_ACTIVITIES) - 1)]
                pause = self._asked.get(messages.Pause)
                if pause and pause[0] == messages.Pause(story, activity is Activity.PAUSED):
                    del self._asked[messages.Pause]
                self._asked.pop(messages.AskStats, None)
                self._repeated = message.repeats
                found.append(
                    events.Stats(
                        now, self.narrator, activity, message.tokens, message.clock,
                        message.first, message.rss, message.peak, message.faults,
                        message.repeats,
                    )
                )  # fmt: skip
            case messages.Refused(code=code) if code == _BUSY:
                pass  # with the story of a host that is gone, which `_greet` stopped: ask again
            case messages.Refused(story=story, code=code, text=text) if story == self._story:
                self._asked.pop(messages.Generate, None)
                self._over = True
                found.append(events.Fault(now, self.narrator, text, _HINTS.get(code, "")))
            case messages.Gone():
                self._connected = False

    def _greet(self, hello: messages.Hello, now: float, found: list[Event]) -> None:
        same = self.hello is not None and self.hello.boot == hello.boot
        again = self._connected and same
        self.hello, self._connected = hello, True
        self._asked.pop(messages.AskHello, None)
        if again:
            return
        modes = tuple(mode for bit, mode in enumerate(Mode) if hello.modes >> bit & 1)
        found.append(
            events.Ready(
                now, self.narrator, hello.version, hello.model, hello.machine,
                hello.model_hash.hex(), hello.tokenizer_hash.hex(), modes, hello.vocabulary,
                hello.context, hello.parameters, hello.boot,
            )
        )  # fmt: skip
        if not self._over and not same and self._next:
            self._over = True  # another agent: it knows nothing of our story
        if not self._over and hello.story == self._story:
            self._out.append(messages.Resume(self._story, self._next))
        elif hello.state and hello.story != self._story:
            self._out.append(messages.Cancel(hello.story))  # left by a host that is gone

    def _story_event(
        self,
        event: messages.StoryEvent,
        now: float,
        found: list[Event],
        tokens: list[Token],
    ) -> None:
        if event.story != self._story:
            return
        if messages.Ack not in {type(message) for message in self._out}:
            self._out.append(messages.Ack(self._story, 0))  # its number is filled in by `due`
        if event.index > self._next:
            if now >= self._gap_asked + REPEAT:
                self._gap_asked = now
                self._out.append(messages.Resume(self._story, self._next))
            return
        if event.index < self._next:
            return
        self._next += 1
        self._gap_asked = -math.inf
        match event:
            case messages.Start():
                self._asked.pop(messages.Generate, None)
                found.append(self._started(event, now))
            case messages.Next():
                text = self._decoder.decode(event.text).translate(_CONTROLS)
                tokens.append(
                    Token(event.index - 1, event.id, text, event.clock, event.probability)
                )
            case messages.End():
                self._flush(tokens, found, now)
                self._asked.pop(messages.Cancel, None)
                self._asked.pop(messages.Pause, None)
                self._over = True
                self._ask(messages.AskStats(), now)
                reason = _REASONS[min(event.reason, _REASONS.index(Reason.FAILED))]
                found.append(
                    events.RunEnded(
                        now, self.narrator, reason, event.tokens, event.clock, event.rate
                    )
                )
                if self._then:
                    self.tell(*self._then, now)

    def _started(self, start: messages.Start, now: float) -> events.RunStarted:
        # The request's own floats, not their float32 neighbours: 0.8 and not 0.800000011920929.
        request = replace(self._request or Request(), steps=start.steps, seed=start.seed)
        return events.RunStarted(
            now, self.narrator, start.story, request.prompt, _MODES[start.mode], request.steps,
            request.temperature, request.top_p, request.seed, start.clock, start.ids,
        )  # fmt: skip

    def _flush(self, tokens: list[Token], found: list[Event], now: float) -> None:
        if tokens:
            found.append(events.Tokens(now, self.narrator, tuple(tokens)))
            tokens.clear()

    # --- what is to be said ---

    def due(self, now: float) -> list[Message]:
        """Messages to be sent now."""
        out, self._out = self._out, []
        out = [
            messages.Ack(self._story, self._next) if isinstance(message, messages.Ack) else message
            for message in out
        ]
        for kind, (message, when) in self._asked.items():
            if now >= when and (self._connected or kind is messages.AskHello):
                self._asked[kind] = (message, now + REPEAT)
                out.append(message)
        if not out and self._connected and now >= max(self._heard, self._pinged) + QUIET:
            self._pinged = now
            out.append(messages.Ping(next(self._ids) & 0xFFFFFFFF))
        return out

    def silence(self, now: float) -> list[Event]:
        """LinkSilent, once, when nothing was heard for too long."""
        if self._silent or now < self._heard + SILENT:
            return []
        self._silent = True
        return [events.LinkSilent(now, self.narrator, now - self._heard)]

    def _ask(self, message: Message, now: float) -> None:
        self._asked[type(message)] = (message, now)


def readable(noise: bytes) -> str:
    """What a person can read of bytes that were no frame; "" where that is little."""
    text = noise.decode("utf-8", "replace").translate(_CONTROLS)
    plain = sum(character.isprintable() and character != "�" for character in text)
    return text if plain >= 0.8 * len(text) else ""
