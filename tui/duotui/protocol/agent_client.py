"""Client of one agent: commands, retransmission and resume. No I/O, no threads.

Frames and the time go in; events and messages come out. The client retransmits unanswered messages,
requests lost events again, and resumes the story where it stopped: docs/protocol.md and
docs/link.md.
"""

import itertools
from collections.abc import Iterable

from duotui.base.translation import gettext as _
from duotui.protocol import events, messages, story_messages
from duotui.protocol.agent_events import ready_event, stats_event
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
from duotui.protocol.events import Event, Source
from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.link_monitor import LinkMonitor
from duotui.protocol.message_base import Message
from duotui.protocol.outbox import Outbox
from duotui.protocol.story_exchange import StoryExchange
from duotui.protocol.timing import STORY_TIMEOUT
from duotui.protocol.tokens import Token

_REFUSED_BUSY = 1


class AgentClient:
    """Client of one agent. `story` numbers must differ between stories and processes.

    A story is given up after `patience` seconds without a new event of it."""

    def __init__(self, source: Source, patience: float = STORY_TIMEOUT) -> None:
        self.source = source
        self.hello: messages.Hello | None = None
        self._ids = itertools.count(1)
        self._outbox = Outbox()
        self._story = StoryExchange(source, self._outbox, patience)
        self._audio = AudioRequests(source)
        self._monitor = LinkMonitor(source)
        self._repeated = 0
        self._health: tuple[int, int, int, int] = (0, 0, 0, 0)

    # --- commands ---

    def opened(self, now: float) -> None:
        """Begin the handshake on a port that was opened. A requested story is still wanted."""
        self._monitor.opened(now)
        self._story.opened()
        self._outbox.repeat(messages.AskHello(), now)

    def closed(self, now: float) -> list[Event]:
        """Handle the loss of the port. Its agent may go on generating: `opened` will show."""
        self._story.connected = False
        return self._audio.lost(now)

    def command(self, command: Command, now: float) -> list[Event]:
        """Carry out `command`; return its immediate events."""
        match command:
            case StartRun(request, number):
                ended = self._audio.stop_speaking(now) + self._audio.stop_listening(now)
                self._story.generate(request, number, now)
                return ended
            case StopRun():
                return self._story.stop(now)
            case PauseRun(on):
                self._story.pause(on, now)
                return []
            case StartSpeech(text, number, volume):
                return self._audio.speak(text, number, now, volume, self.hello)
            case StopSpeech():
                return self._audio.stop_speaking(now)
            case StartListening(number):
                return self._audio.start_listening(number, now, self.hello)
            case StopListening():
                return self._audio.stop_listening(now)

    @property
    def running(self) -> bool:
        return self._story.running

    # --- received frames ---

    def receive(self, items: Iterable[Frame | NoiseBytes], now: float) -> list[Event]:
        """Return the events of a batch; `due` returns the answers."""
        emitted: list[Event] = []
        tokens: list[Token] = []
        before = self._story.stream.next
        for item in items:
            message = self._monitor.receive(item, now, emitted)
            if isinstance(message, story_messages.StoryEvent):
                for event in self._story.receive(message, now, self.hello):
                    if isinstance(event, events.Tokens):
                        tokens += event.tokens
                    else:
                        self._flush(tokens, emitted, now)
                        emitted.append(event)
            elif message is not None:
                self._answer(message, now, emitted)
        self._flush(tokens, emitted, now)
        emitted += self._monitor.batch_noise(now)
        if self._story.stream.next != before:
            emitted += self._story.stream.progress(now)
        health = (self._story.stream.next, self._repeated, self._monitor.lost, self._monitor.noise)
        if health != self._health:
            self._health = health
            emitted.append(events.LinkHealth(now, self.source, *health))
        return emitted

    def _answer(self, message: Message, now: float, emitted: list[Event]) -> None:
        match message:
            case messages.Hello():
                self._handshake(message, now, emitted)
            case messages.Stats(story=story) if story == self._story.stream.number:
                self._story.answered(message)
                self._repeated = message.repeats
                emitted.append(stats_event(message, self.source, now))
            case messages.Refused(code=code) if code == _REFUSED_BUSY:
                # busy with an earlier host's story: our messages did not arrive
                self._story.connected = False
                self._outbox.repeat(messages.AskHello(), now)
            case messages.Refused(story=story) if self._story.wants(story):
                emitted += self._story.refused(message, now)
            case messages.Speech() | messages.Sound() | messages.Hearing():
                emitted += self._audio.receive(message, now)
            case messages.Gone():
                self._story.connected = False
                self._monitor.gone = _("the engine has ended")

    def _handshake(self, hello: messages.Hello, now: float, emitted: list[Event]) -> None:
        rebooted = self.hello is None or self.hello.boot != hello.boot
        same_agent = self._story.connected and not rebooted
        self.hello = hello
        self._outbox.answered(messages.AskHello)
        if same_agent:
            return
        emitted.append(ready_event(hello, self.source, now))
        emitted += self._audio.resumed(now)
        emitted += self._story.greeted(hello, rebooted, now)

    def _flush(self, tokens: list[Token], emitted: list[Event], now: float) -> None:
        if tokens:
            emitted.append(events.Tokens(now, self.source, tuple(tokens)))
            tokens.clear()

    # --- messages to send ---

    def due(self, now: float) -> list[Message]:
        """Messages to send now."""
        only = None if self._story.connected else messages.AskHello
        out = self._story.acknowledgement() + self._outbox.due(now, only)
        if self._story.connected:
            out += self._audio.due(now)
        if not out and self._story.connected and self._monitor.ping_due(now):
            out.append(messages.Ping(next(self._ids) & 0xFFFFFFFF))
        return out

    def overdue(self, now: float) -> list[Event]:
        """LinkSilent, once, after too long a silence; the end of a story, a speech or a listen
        request that is stuck."""
        return (
            self._monitor.silent_for(now)
            + self._story.overdue(now)
            + self._audio.overdue(now, self._story.connected)
        )

    def lost_reason(self, now: float) -> str:
        """Reason to give up an agent that has answered before; "" if there is none."""
        return self._monitor.lost_reason(now) if self.hello is not None else ""
