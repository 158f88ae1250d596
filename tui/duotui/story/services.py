"""Services that the story controller needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from duotui.base.clock import Clock
from duotui.session.session import SessionProtocol
from duotui.speech.tts import TextToSpeech
from duotui.story.catalogue import Catalogue
from duotui.story.diary import Diary
from duotui.story.voice_input import VoiceInput


@dataclass(frozen=True, slots=True)
class StoryServices:
    """`wall` returns the local time."""

    session: SessionProtocol
    catalogue: Catalogue
    tts: TextToSpeech
    diary: Diary
    clock: Clock
    wall: Callable[[], datetime]
    voice_input: VoiceInput | None = None

    @property
    def board_away(self) -> bool:
        """True if the board is away or lost."""
        return self.session.state.board.link.gone

    @property
    def troubles(self) -> tuple[str, ...]:
        """Faults, a line each, for adults."""
        board, fault = self.session.state.board, self.session.state.fault
        lines = (
            board.trouble,
            fault.text if fault is not None else "",
            self.tts.trouble,
            self.catalogue.favourites.trouble,
            self.diary.trouble,
            self.voice_input.trouble if self.voice_input is not None else "",
        )
        return tuple(line for line in lines if line)

    async def close(self) -> None:
        """Close the microphone, the speech and the session; takes at most a second."""
        if self.voice_input is not None:
            await self.voice_input.close()
        await self.tts.close()
        await self.session.close()
