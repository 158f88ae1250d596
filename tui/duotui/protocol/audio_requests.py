"""Audio requests to a board that generates no story: to speak, or to listen. No I/O, no clock.

Only one request is active: a new one ends the other.
"""

from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.protocol import events, messages
from duotui.protocol.agent_events import supports
from duotui.protocol.events import Event, Source
from duotui.protocol.listen_request import ListenRequest
from duotui.protocol.message_base import Message
from duotui.protocol.speak_request import SpeakRequest
from duotui.protocol.timing import RETRANSMIT_INTERVAL


class AudioRequests:
    def __init__(self, source: Source) -> None:
        self.source = source
        self._speaking = SpeakRequest(source, "", 0)
        self._listening = ListenRequest(source, 0, 0.0)
        self._listening.over = True
        self._ending: messages.Hush | messages.Enough | None = None
        self._retransmit_at = 0.0

    def speak(
        self, text: str, number: int, now: float, volume: float, hello: messages.Hello | None
    ) -> list[Event]:
        """Begin to speak `text`; return the immediate events: a Fault if the board has no voice."""
        if hello is None or not supports(hello, messages.HAS_TTS):
            return [
                events.Fault(
                    now,
                    self.source,
                    text=_("this board has no voice"),
                    hint=_("duotui doctor says why"),
                    status=Exit.NOT_READY,
                )
            ]
        ended = self._end_both(now)
        self._speaking = SpeakRequest(self.source, text, number, volume)
        return ended + self._speaking.start(now)

    def start_listening(self, number: int, now: float, hello: messages.Hello | None) -> list[Event]:
        """Begin to listen; return the immediate events: ListenEnded without a microphone."""
        if hello is None or not supports(hello, messages.HAS_MICROPHONE):
            return [events.ListenEnded(now, self.source, _("this board has no microphone"))]
        ended = self._end_both(now)
        self._listening = ListenRequest(self.source, number, now)
        return ended

    def stop_speaking(self, now: float) -> list[Event]:
        """Stop speaking; return SpeechEnded, or nothing if nothing was being spoken."""
        ended = self._speaking.stop(now)
        if ended:
            self._end(messages.Hush(self._speaking.sentence), now)
        return ended

    def stop_listening(self, now: float) -> list[Event]:
        """Stop listening; return ListenEnded, or nothing if nothing was being recorded."""
        ended = self._listening.end(now)
        if ended:
            self._end(messages.Enough(self._listening.number), now)
        return ended

    def lost(self, now: float) -> list[Event]:
        """Handle the loss of the port. Live audio ends; the board speaks its sentence to the
        end."""
        return self._listening.end(now, _("the board was lost"))

    def resumed(self, now: float) -> list[Event]:
        """Handle a handshake with another agent, or the same one: poll its sentence at once."""
        self._speaking.resume(now)
        return self._listening.end(now, _("the board has started anew"))

    def receive(
        self, message: messages.Speech | messages.Sound | messages.Hearing, now: float
    ) -> list[Event]:
        match message:
            case messages.Speech(sentence=sentence):
                self._ended(messages.Hush(sentence))
                return self._speaking.receive(message, now)
            case messages.Hearing(listen=listen):
                self._ended(messages.Enough(listen))
        return self._listening.receive(message, now)

    def due(self, now: float) -> list[Message]:
        ending: list[Message] = []
        if self._ending and now >= self._retransmit_at:
            self._retransmit_at = now + RETRANSMIT_INTERVAL
            ending = [self._ending]
        return ending + self._speaking.due(now) + self._listening.due(now)

    def overdue(self, now: float, connected: bool) -> list[Event]:
        """End a stuck utterance or listen request. A board away speaks its sentence to the end."""
        stuck = self._speaking.overdue(now) if connected else []
        if stuck:
            self._end(messages.Hush(self._speaking.sentence), now)
        silent = self._listening.overdue(now)
        if silent:
            self._end(messages.Enough(self._listening.number), now)
        return stuck + silent

    def _end_both(self, now: float) -> list[Event]:
        ended = self.stop_speaking(now) + self.stop_listening(now)
        self._ending = None  # the new request ends it on the board
        return ended

    def _end(self, ending: messages.Hush | messages.Enough, now: float) -> None:
        self._ending, self._retransmit_at = ending, now

    def _ended(self, ending: messages.Hush | messages.Enough) -> None:
        if self._ending == ending:
            self._ending = None
