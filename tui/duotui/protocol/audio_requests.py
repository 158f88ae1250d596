"""What a board does when it tells no story: it says a sentence aloud, or it listens. One at a time,
and what begins ends the other. No I/O, no time of its own.
"""

from duotui.base.errors import Exit
from duotui.protocol import events, messages
from duotui.protocol.agent_events import supports
from duotui.protocol.events import Event, Source
from duotui.protocol.listen_request import ListenRequest
from duotui.protocol.message import Message
from duotui.protocol.speak_request import SpeakRequest
from duotui.protocol.timing import RETRANSMIT_INTERVAL


class AudioRequests:
    def __init__(self, source: Source) -> None:
        self.source = source
        self._speaking = SpeakRequest(source, "", 0)
        self._listening = ListenRequest(source, 0, 0.0)
        self._listening.over = True
        self._ending: messages.Hush | messages.Enough | None = None
        self._ask = 0.0

    def speak(
        self, text: str, number: int, now: float, volume: float, hello: messages.Hello | None
    ) -> list[Event]:
        """As Dialogue's."""
        if hello is None or not supports(hello, messages.HAS_TTS):
            return [
                events.Fault(
                    now,
                    self.source,
                    text="this board has no voice",
                    hint="duotui doctor says why",
                    status=Exit.NOT_READY,
                )
            ]
        ended = self._silence(now)
        self._speaking = SpeakRequest(self.source, text, number, volume)
        return ended + self._speaking.start(now)

    def start_listening(self, number: int, now: float, hello: messages.Hello | None) -> list[Event]:
        """As Dialogue's."""
        if hello is None or not supports(hello, messages.HAS_MICROPHONE):
            return [events.ListenEnded(now, self.source, "this board has no microphone")]
        ended = self._silence(now)
        self._listening = ListenRequest(self.source, number, now)
        return ended

    def stop_speaking(self, now: float) -> list[Event]:
        """Nothing is to be said aloud any longer."""
        ended = self._speaking.stop(now)
        if ended:
            self._end(messages.Hush(self._speaking.sentence), now)
        return ended

    def stop_listening(self, now: float) -> list[Event]:
        """Nothing is to be listened to any longer."""
        ended = self._listening.end(now)
        if ended:
            self._end(messages.Enough(self._listening.number), now)
        return ended

    def lost(self, now: float) -> list[Event]:
        """The port is gone. Sound that is live is lost; a sentence is said to its end."""
        return self._listening.end(now, "the board was lost")

    def resumed(self, now: float) -> list[Event]:
        """Another agent, or the same one again: it is asked for its sentence at once."""
        self._speaking.resume(now)
        return self._listening.end(now, "the board has started anew")

    def receive(
        self, said: messages.Speech | messages.Sound | messages.Hearing, now: float
    ) -> list[Event]:
        match said:
            case messages.Speech(sentence=sentence):
                self._ended(messages.Hush(sentence))
                return self._speaking.receive(said, now)
            case messages.Hearing(listen=listen):
                self._ended(messages.Enough(listen))
        return self._listening.receive(said, now)

    def due(self, now: float) -> list[Message]:
        ending: list[Message] = []
        if self._ending and now >= self._ask:
            self._ask = now + RETRANSMIT_INTERVAL
            ending = [self._ending]
        return ending + self._speaking.due(now) + self._listening.due(now)

    def overdue(self, now: float, connected: bool) -> list[Event]:
        """The end of a speech that is stuck, or a listen. A board that is away says its sentence to
        the end."""
        stuck = self._speaking.overdue(now) if connected else []
        if stuck:
            self._end(messages.Hush(self._speaking.sentence), now)
        deaf = self._listening.overdue(now)
        if deaf:
            self._end(messages.Enough(self._listening.number), now)
        return stuck + deaf

    def _silence(self, now: float) -> list[Event]:
        ended = self.stop_speaking(now) + self.stop_listening(now)
        self._ending = None  # what begins ends it
        return ended

    def _end(self, ending: messages.Hush | messages.Enough, now: float) -> None:
        self._ending, self._ask = ending, now

    def _ended(self, ending: messages.Hush | messages.Enough) -> None:
        if self._ending == ending:
            self._ending = None
