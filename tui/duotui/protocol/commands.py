"""Commands to an agent: one dataclass each, given to `AgentClient.command`."""

from dataclasses import dataclass

from duotui.protocol.request import Request


@dataclass(frozen=True, slots=True)
class StartRun:
    """Generate the story of `request`; a running one ends first. `number` is not 0."""

    request: Request
    number: int


@dataclass(frozen=True, slots=True)
class StopRun:
    """End the story: when the agent confirms it, or at once without an agent."""


@dataclass(frozen=True, slots=True)
class PauseRun:
    on: bool


@dataclass(frozen=True, slots=True)
class StartSpeech:
    """Read `text` aloud; its sentences have `number` and the numbers after it. `volume`: 0 to 1."""

    text: str
    number: int
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class StopSpeech:
    pass


@dataclass(frozen=True, slots=True)
class StartListening:
    """Send the audio of the board's microphone; `number` is that of the listen request."""

    number: int


@dataclass(frozen=True, slots=True)
class StopListening:
    pass


Command = StartRun | StopRun | PauseRun | StartSpeech | StopSpeech | StartListening | StopListening
