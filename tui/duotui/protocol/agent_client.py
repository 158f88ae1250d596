"""What the host says to one agent, and what it makes of the answers. No I/O, no threads.

Frames and the time go in; events and messages come out. It repeats what was not answered,
asks again for what was lost, and takes the story up where it stopped: docs/protocol.md and
docs/link.md.
"""

import itertools
import math
from collections.abc import Iterable

from duotui.protocol import events, messages
from duotui.protocol.audio_requests import AudioRequests, supports
from duotui.protocol.events import Activity, Event, Mode, Request, Source, Token
from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.link_monitor import LinkMonitor
from duotui.protocol.messages import Message
from duotui.protocol.token_stream import ACTIVITIES, TokenStream

RETRANSMIT_INTERVAL = 0.3
"""Seconds until an unanswered command is said again."""

_REFUSED_BUSY = 1
_REFUSED_HINTS = {
    3: "use a shorter prompt",
    4: "choose another mode",
}


class AgentClient:
    """With one narrator. `story` numbers must differ between stories and processes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.hello: messages.Hello | None = None
        self._connected = False
        self._ids = itertools.count(1)
        self._asked: dict[type[Message], tuple[Message, float]] = {}
        self._out: list[Message] = []
        self._story = TokenStream(source, Request(), 0)
        self._story.over = True
        self._paused = False
        self._then: tuple[Request, int] | None = None
        self._audio = AudioRequests(source)
        self._gap_asked = -math.inf
        self._monitor = LinkMonitor(source)
        self._repeated = 0
        self._health: tuple[int, int, int, int] = (0, 0, 0, 0)

    # --- what the user wants ---

    def opened(self, now: float) -> None:
        """A port was opened: ask who is there. A story that was asked for is still wanted."""
        self._monitor.opened(now)
        self._connected = False
        self._out.clear()
        lasting = (messages.Generate, messages.Cancel)
        self._asked = {k: v for k, v in self._asked.items() if k in lasting}
        self._send(messages.AskHello(), now)

    def closed(self, now: float) -> list[Event]:
        """The port is gone. The story may still be told there: `opened` will show."""
        self._connected = False
        return self._audio.lost(now)

    def generate(self, request: Request, story: int, now: float) -> None:
        """Ask for a story; `story` is its number, not 0. One that is being told ends first."""
        if not self._story.over and self._connected:
            self._then = (request, story)
            self._send_cancel(now)
            return
        self._then = None
        self._paused = False
        self._asked.pop(messages.Cancel, None)
        self._story = TokenStream(self.source, request, story)
        self._send(self._story.generate(), now)

    def stop(self, now: float) -> list[Event]:
        """End the story: when the agent says so, or now where there is none."""
        if self._story.over:
            return []
        self._then = None
        if not self._connected:
            return self._stopped(now)
        self._send_cancel(now)
        return []

    def pause(self, on: bool, now: float) -> None:
        if not self._story.over:
            self._paused = on
            self._send(messages.Pause(self._story.number, int(on)), now)

    def speak(self, text: str, number: int, now: float, volume: float = 1.0) -> list[Event]:
        """Have `text` said aloud; its sentences are `number` and the next ones."""
        return self._audio.speak(text, number, now, volume, self.hello)

    def stop_speaking(self, now: float) -> list[Event]:
        """Nothing is to be said aloud any longer."""
        return self._audio.stop_speaking(now)

    def start_listening(self, number: int, now: float) -> list[Event]:
        """Have the board listen; `number` is that of the listen."""
        return self._audio.start_listening(number, now, self.hello)

    def stop_listening(self, now: float) -> list[Event]:
        """Nothing is to be listened to any longer."""
        return self._audio.stop_listening(now)

    @property
    def running(self) -> bool:
        return not self._story.over

    def _send_cancel(self, now: float) -> None:
        self._asked.pop(messages.Generate, None)
        self._asked.pop(messages.Pause, None)
        self._send(messages.Cancel(self._story.number), now)

    def _stopped(self, now: float) -> list[Event]:
        for kind in (messages.Generate, messages.Pause, messages.Cancel):
            self._asked.pop(kind, None)
        ended = self._story.stopped(now)
        if self._then:
            self.generate(*self._then, now)
        return ended

    # --- what came ---

    def receive(self, items: Iterable[Frame | NoiseBytes], now: float) -> list[Event]:
        """The events in a batch; what there is to answer is left for `due`."""
        found: list[Event] = []
        tokens: list[Token] = []
        before = self._story.next
        for item in items:
            message = self._monitor.receive(item, now, found)
            if isinstance(message, messages.StoryEvent):
                for event in self._story_event(message, now):
                    if isinstance(event, events.Tokens):
                        tokens += event.tokens
                    else:
                        self._flush(tokens, found, now)
                        found.append(event)
            elif message is not None:
                self._answer(message, now, found)
        self._flush(tokens, found, now)
        if self._story.next != before:
            found += self._story.progress(now)
        health = (self._story.next, self._repeated, self._monitor.lost, self._monitor.noise)
        if health != self._health:
            self._health = health
            found.append(events.LinkHealth(now, self.source, *health))
        return found

    def _answer(self, message: Message, now: float, found: list[Event]) -> None:
        match message:
            case messages.Hello():
                self._handshake(message, now, found)
            case messages.Stats(story=story) if story == self._story.number:
                activity = _activity(message.state)
                pause = self._asked.get(messages.Pause)
                if pause and pause[0] == messages.Pause(story, activity is Activity.PAUSED):
                    del self._asked[messages.Pause]
                self._asked.pop(messages.AskStats, None)
                self._repeated = message.repeats
                found.append(
                    events.EngineStats(
                        now,
                        self.source,
                        activity,
                        message.tokens,
                        message.clock,
                        message.first,
                        message.rss,
                        message.peak,
                        message.faults,
                        message.repeats,
                    )
                )
            case messages.Refused(code=code) if code == _REFUSED_BUSY:
                # with the story of a host that is gone: what was said to it did not arrive
                self._connected = False
                self._send(messages.AskHello(), now)
            case messages.Refused(story=story, code=code, text=text) if story == self._story.number:
                self._asked.pop(messages.Generate, None)
                self._story.over = True
                found.append(events.Fault(now, self.source, text, _REFUSED_HINTS.get(code, "")))
            case messages.Speech() | messages.Sound() | messages.Hearing():
                found += self._audio.receive(message, now)
            case messages.Gone():
                self._connected = False
                self._monitor.gone = "the engine has ended"

    def _handshake(self, hello: messages.Hello, now: float, found: list[Event]) -> None:
        again = self._connected and self.hello is not None and self.hello.boot == hello.boot
        self.hello, self._connected = hello, True
        self._asked.pop(messages.AskHello, None)
        if again:
            return
        modes = tuple(mode for bit, mode in enumerate(Mode) if hello.modes >> bit & 1)
        found.append(
            events.Ready(
                now,
                self.source,
                hello.version,
                hello.model,
                hello.machine,
                hello.model_hash.hex(),
                hello.tokenizer_hash.hex(),
                modes,
                hello.vocabulary,
                hello.context,
                hello.parameters,
                hello.boot,
                supports(hello, messages.HAS_TTS),
                supports(hello, messages.HAS_MICROPHONE),
            )
        )
        found += self._audio.resumed(now)
        found += self._resume(hello, now)

    def _resume(self, hello: messages.Hello, now: float) -> list[Event]:
        """The story that is wanted, by an agent that may hold it, or another one, or none."""
        story = self._story
        held = hello.story == story.number and not story.over
        if hello.state and not held:
            self._out.append(messages.Cancel(hello.story))  # left by a host that is gone
        if story.over:
            return []
        if held:
            self._out.append(messages.Resume(story.number, story.next))
            if self._paused != (_activity(hello.state) is Activity.PAUSED):
                self.pause(self._paused, now)  # the loss swallowed it
            return []
        if messages.Cancel in self._asked:
            return self._stopped(now)
        story.restart()
        self._send(story.generate(), now)
        return []

    def _story_event(self, event: messages.StoryEvent, now: float) -> list[Event]:
        story = self._story
        if event.story != story.number:
            return []
        if messages.Ack not in {type(message) for message in self._out}:
            self._out.append(messages.Ack(story.number, 0))  # its number is filled in by `due`
        if story.over:
            # what still comes is not wanted, and acknowledged so that it is not repeated
            story.next = max(story.next, event.index + 1)
            if isinstance(event, messages.End):
                self._asked.pop(messages.Cancel, None)
            return []
        if event.index > story.next:
            if now >= self._gap_asked + RETRANSMIT_INTERVAL:
                self._gap_asked = now
                self._out.append(messages.Resume(story.number, story.next))
            return []
        if event.index < story.next:
            return []
        self._gap_asked = -math.inf
        if isinstance(event, messages.Start):
            self._asked.pop(messages.Generate, None)
        found = story.receive(event, now)
        if any(isinstance(event, events.Regenerated) for event in found) and self._paused:
            self._send(messages.Pause(story.number, 1), now)
        if story.over:
            self._ended(event, now)
        return found

    def _ended(self, event: messages.StoryEvent, now: float) -> None:
        self._asked.pop(messages.Cancel, None)
        self._asked.pop(messages.Pause, None)
        if isinstance(event, messages.End):
            self._send(messages.AskStats(), now)
        else:  # it was told otherwise than before
            self._send(messages.Cancel(event.story), now)
        if self._then:
            self.generate(*self._then, now)

    def _flush(self, tokens: list[Token], found: list[Event], now: float) -> None:
        if tokens:
            found.append(events.Tokens(now, self.source, tuple(tokens)))
            tokens.clear()

    # --- what is to be said ---

    def due(self, now: float) -> list[Message]:
        """Messages to be sent now."""
        out, self._out = self._out, []
        ack = messages.Ack(self._story.number, self._story.next)
        out = [ack if isinstance(message, messages.Ack) else message for message in out]
        for kind, (message, when) in self._asked.items():
            if now >= when and (self._connected or kind is messages.AskHello):
                self._asked[kind] = (message, now + RETRANSMIT_INTERVAL)
                out.append(message)
        if self._connected:
            out += self._audio.due(now)
        if not out and self._connected and self._monitor.ping_due(now):
            out.append(messages.Ping(next(self._ids) & 0xFFFFFFFF))
        return out

    def overdue(self, now: float) -> list[Event]:
        """LinkSilent, once, when nothing was heard for too long; the end of a stuck speech, or
        listen."""
        return self._monitor.silent_for(now) + self._audio.overdue(now, self._connected)

    def lost_reason(self, now: float) -> str:
        """Why an agent that was here once is not waited for any longer; "" where it is."""
        return self._monitor.lost_reason(now) if self.hello is not None else ""

    def _send(self, message: Message, now: float) -> None:
        self._asked[type(message)] = (message, now)


def _activity(number: int) -> Activity:
    return ACTIVITIES[min(number, len(ACTIVITIES) - 1)]
