"""Commands to an agent: one dataclass each, given to `AgentClient.command`."""

from dataclasses import dataclass

from duotui.protocol.request import Request


@dataclass(frozen=True, slots=True)
class StartRun:
    """Tell the story of `request`; one that is being told ends first. `number` is not 0."""

    request: Request
    number: int


@dataclass(frozen=True, slots=True)
class StopRun:
    """End the story: when the agent says so, or at once where there is no agent."""


@dataclass(frozen=True, slots=True)
class PauseRun:
    on: bool


@dataclass(frozen=True, slots=True)
class StartSpeech:
    """Say `text` aloud; its sentences have `number` and the numbers after it. `volume`: 0 to 1."""

    text: str
    number: int
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class StopSpeech:
    pass


@dataclass(frozen=True, slots=True)
class StartListening:
    """Send what the board's microphone hears; `number` is that of the listen."""

    number: int


@dataclass(frozen=True, slots=True)
class StopListening:
    pass


Command = StartRun | StopRun | PauseRun | StartSpeech | StopSpeech | StartListening | StopListening
