"""Where a story hour takes place: all that it needs of the world."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from duotui.base.clock import Clock
from duotui.session.session import SessionProtocol
from duotui.session.state import LinkState
from duotui.speech.tts import TextToSpeech
from duotui.story.catalogue import Catalogue
from duotui.story.diary import Diary
from duotui.story.voice_input import VoiceInput


@dataclass(frozen=True, slots=True)
class StoryServices:
    """`wall` is the local time."""

    sitting: SessionProtocol
    repertoire: Catalogue
    reader: TextToSpeech
    diary: Diary
    clock: Clock
    wall: Callable[[], datetime]
    listening: VoiceInput | None = None

    @property
    def sleepy(self) -> bool:
        """Whether what tells is away."""
        return self.sitting.state.board.link in (LinkState.AWAY, LinkState.LOST)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work, in lines for grown-ups."""
        board, fault = self.sitting.state.board, self.sitting.state.fault
        lines = (
            board.trouble,
            fault.text if fault is not None else "",
            self.reader.trouble,
            self.repertoire.shelf.trouble,
            self.diary.trouble,
            self.listening.trouble if self.listening is not None else "",
        )
        return tuple(line for line in lines if line)

    async def close(self) -> None:
        """Within a second."""
        if self.listening is not None:
            await self.listening.close()
        await self.reader.close()
        await self.sitting.close()
