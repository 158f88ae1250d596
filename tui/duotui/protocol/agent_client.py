"""Client of one agent: commands, retransmission and resume. No I/O, no threads.

Frames and the time go in; events and messages come out. The client retransmits unanswered messages,
requests lost events again, and resumes the story where it stopped: docs/protocol.md and
docs/link.md.
"""

import itertools
import math
from collections.abc import Iterable

from duotui.protocol import events, messages, story_messages
from duotui.protocol.agent_events import activity_of, ready_event, stats_event
from duotui.protocol.audio_requests import AudioRequests
from duotui.protocol.commands import (
    Command,
    PauseRun,
    StartListening,
    StartRun,
    StartSpeech,
    StopListening,
    StopRun,
    StopSpeech,
)
from duotui.protocol.events import Activity, Event, Source
from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.link_monitor import LinkMonitor
from duotui.protocol.message_base import Message
from duotui.protocol.request import Request
from duotui.protocol.timing import RETRANSMIT_INTERVAL
from duotui.protocol.token_stream import TokenStream
from duotui.protocol.tokens import Token

_REFUSED_BUSY = 1
_REFUSED_HINTS = {
    3: "use a shorter prompt",
    4: "choose another mode",
}


class AgentClient:
    """Client of one agent. `story` numbers must differ between stories and processes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.hello: messages.Hello | None = None
        self._connected = False
        self._ids = itertools.count(1)
        self._pending: dict[type[Message], tuple[Message, float]] = {}
        self._out: list[Message] = []
        self._stream = TokenStream(source, Request(), 0)
        self._stream.over = True
        self._paused = False
        self._next_run: tuple[Request, int] | None = None
        self._audio = AudioRequests(source)
        self._gap_requested_at = -math.inf
        self._monitor = LinkMonitor(source)
        self._repeated = 0
        self._health: tuple[int, int, int, int] = (0, 0, 0, 0)

    # --- commands ---

    def opened(self, now: float) -> None:
        """Begin the handshake on a port that was opened. A requested story is still wanted."""
        self._monitor.opened(now)
        self._connected = False
        self._out.clear()
        lasting = (messages.Generate, messages.Cancel)
        self._pending = {k: v for k, v in self._pending.items() if k in lasting}
        self._send(messages.AskHello(), now)

    def closed(self, now: float) -> list[Event]:
        """Handle the loss of the port. Its agent may go on generating: `opened` will show."""
        self._connected = False
        return self._audio.lost(now)

    def command(self, command: Command, now: float) -> list[Event]:
        """Carry out `command`; return its immediate events."""
        match command:
            case StartRun(request, number):
                ended = self._audio.stop_speaking(now) + self._audio.stop_listening(now)
                self._generate(request, number, now)
                return ended
            case StopRun():
                return self._stop(now)
            case PauseRun(on):
                self._pause(on, now)
                return []
            case StartSpeech(text, number, volume):
                return self._audio.speak(text, number, now, volume, self.hello)
            case StopSpeech():
                return self._audio.stop_speaking(now)
            case StartListening(number):
                return self._audio.start_listening(number, now, self.hello)
            case StopListening():
                return self._audio.stop_listening(now)

    def _generate(self, request: Request, story: int, now: float) -> None:
        if not self._stream.over and self._connected:
            self._next_run = (request, story)
            self._send_cancel(now)
            return
        self._next_run = None
        self._paused = False
        self._pending.pop(messages.Cancel, None)
        self._stream = TokenStream(self.source, request, story)
        self._send(self._stream.generate(), now)

    def _stop(self, now: float) -> list[Event]:
        if self._stream.over:
            return []
        self._next_run = None
        if not self._connected:
            return self._stopped(now)
        self._send_cancel(now)
        return []

    def _pause(self, on: bool, now: float) -> None:
        if not self._stream.over:
            self._paused = on
            self._send(messages.Pause(self._stream.number, int(on)), now)

    @property
    def running(self) -> bool:
        return not self._stream.over

    def _send_cancel(self, now: float) -> None:
        self._pending.pop(messages.Generate, None)
        self._pending.pop(messages.Pause, None)
        self._send(messages.Cancel(self._stream.number), now)

    def _stopped(self, now: float) -> list[Event]:
        for kind in (messages.Generate, messages.Pause, messages.Cancel):
            self._pending.pop(kind, None)
        ended = self._stream.stopped(now)
        if self._next_run:
            self._generate(*self._next_run, now)
        return ended

    # --- received frames ---

    def receive(self, items: Iterable[Frame | NoiseBytes], now: float) -> list[Event]:
        """Return the events of a batch; `due` returns the answers."""
        emitted: list[Event] = []
        tokens: list[Token] = []
        before = self._stream.next
        for item in items:
            message = self._monitor.receive(item, now, emitted)
            if isinstance(message, story_messages.StoryEvent):
                for event in self._receive_story_event(message, now):
                    if isinstance(event, events.Tokens):
                        tokens += event.tokens
                    else:
                        self._flush(tokens, emitted, now)
                        emitted.append(event)
            elif message is not None:
                self._answer(message, now, emitted)
        self._flush(tokens, emitted, now)
        if self._stream.next != before:
            emitted += self._stream.progress(now)
        health = (self._stream.next, self._repeated, self._monitor.lost, self._monitor.noise)
        if health != self._health:
            self._health = health
            emitted.append(events.LinkHealth(now, self.source, *health))
        return emitted

    def _answer(self, message: Message, now: float, emitted: list[Event]) -> None:
        match message:
            case messages.Hello():
                self._handshake(message, now, emitted)
            case messages.Stats(story=story) if story == self._stream.number:
                activity = activity_of(message.state)
                pause = self._pending.get(messages.Pause)
                if pause and pause[0] == messages.Pause(story, activity is Activity.PAUSED):
                    del self._pending[messages.Pause]
                self._pending.pop(messages.AskStats, None)
                self._repeated = message.repeats
                emitted.append(stats_event(message, self.source, now))
            case messages.Refused(code=code) if code == _REFUSED_BUSY:
                # busy with an earlier host's story: our messages did not arrive
                self._connected = False
                self._send(messages.AskHello(), now)
            case messages.Refused(story=story, code=code, text=text) if (
                story == self._stream.number
            ):
                self._pending.pop(messages.Generate, None)
                self._stream.over = True
                emitted.append(events.Fault(now, self.source, text, _REFUSED_HINTS.get(code, "")))
            case messages.Speech() | messages.Sound() | messages.Hearing():
                emitted += self._audio.receive(message, now)
            case messages.Gone():
                self._connected = False
                self._monitor.gone = "the engine has ended"

    def _handshake(self, hello: messages.Hello, now: float, emitted: list[Event]) -> None:
        same_agent = self._connected and self.hello is not None and self.hello.boot == hello.boot
        self.hello, self._connected = hello, True
        self._pending.pop(messages.AskHello, None)
        if same_agent:
            return
        emitted.append(ready_event(hello, self.source, now))
        emitted += self._audio.resumed(now)
        emitted += self._resume(hello, now)

    def _resume(self, hello: messages.Hello, now: float) -> list[Event]:
        """Resume the wanted story with an agent that may hold it, another one or none."""
        story = self._stream
        held = hello.story == story.number and not story.over
        if hello.state and not held:
            self._out.append(messages.Cancel(hello.story))  # the story of an earlier host
        if story.over:
            return []
        if held:
            self._out.append(messages.Resume(story.number, story.next))
            if self._paused != (activity_of(hello.state) is Activity.PAUSED):
                self._pause(self._paused, now)  # repeats the Pause that was lost
            return []
        if messages.Cancel in self._pending:
            return self._stopped(now)
        story.restart()
        self._send(story.generate(), now)
        return []

    def _receive_story_event(self, event: story_messages.StoryEvent, now: float) -> list[Event]:
        story = self._stream
        if event.story != story.number:
            return []
        if messages.Ack not in {type(message) for message in self._out}:
            self._out.append(messages.Ack(story.number, 0))  # `due` fills in the index
        if story.over:
            # unwanted, but acknowledged so that the agent does not retransmit it
            story.next = max(story.next, event.index + 1)
            if isinstance(event, story_messages.End):
                self._pending.pop(messages.Cancel, None)
            return []
        if event.index > story.next:
            if now >= self._gap_requested_at + RETRANSMIT_INTERVAL:
                self._gap_requested_at = now
                self._out.append(messages.Resume(story.number, story.next))
            return []
        if event.index < story.next:
            return []
        self._gap_requested_at = -math.inf
        if isinstance(event, story_messages.Start):
            self._pending.pop(messages.Generate, None)
        caused = story.receive(event, now)
        if any(isinstance(event, events.Regenerated) for event in caused) and self._paused:
            self._send(messages.Pause(story.number, 1), now)
        if story.over:
            self._ended(event, now)
        return caused

    def _ended(self, event: story_messages.StoryEvent, now: float) -> None:
        self._pending.pop(messages.Cancel, None)
        self._pending.pop(messages.Pause, None)
        if isinstance(event, story_messages.End):
            self._send(messages.AskStats(), now)
        else:  # the regenerated story differs
            self._send(messages.Cancel(event.story), now)
        if self._next_run:
            self._generate(*self._next_run, now)

    def _flush(self, tokens: list[Token], emitted: list[Event], now: float) -> None:
        if tokens:
            emitted.append(events.Tokens(now, self.source, tuple(tokens)))
            tokens.clear()

    # --- messages to send ---

    def due(self, now: float) -> list[Message]:
        """Messages to send now."""
        out, self._out = self._out, []
        ack = messages.Ack(self._stream.number, self._stream.next)
        out = [ack if isinstance(message, messages.Ack) else message for message in out]
        for kind, (message, send_at) in self._pending.items():
            if now >= send_at and (self._connected or kind is messages.AskHello):
                self._pending[kind] = (message, now + RETRANSMIT_INTERVAL)
                out.append(message)
        if self._connected:
            out += self._audio.due(now)
        if not out and self._connected and self._monitor.ping_due(now):
            out.append(messages.Ping(next(self._ids) & 0xFFFFFFFF))
        return out

    def overdue(self, now: float) -> list[Event]:
        """LinkSilent, once, after too long a silence; the end of a stuck speech or listen
        request."""
        return self._monitor.silent_for(now) + self._audio.overdue(now, self._connected)

    def lost_reason(self, now: float) -> str:
        """Reason to give up an agent that has answered before; "" if there is none."""
        return self._monitor.lost_reason(now) if self.hello is not None else ""

    def _send(self, message: Message, now: float) -> None:
        self._pending[type(message)] = (message, now)
