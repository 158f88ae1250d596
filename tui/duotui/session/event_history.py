"""Events that a recording starts with: how the sources were reached, and the current story.

Their number is bounded, whatever a board sends. Of what is superseded, only the last one is kept.
"""

from collections import Counter
from collections.abc import Iterator

from duotui.protocol import events
from duotui.protocol.events import Event, Source

NOTES_KEPT = 50
"""Events of noise, and faults, that are kept: the last ones. A screen shows no more."""

_OUTLAST_STORY = (events.LinkOpening, events.LinkUp, events.Ready)
_NOTES = (events.LineNoise, events.Fault)


class EventHistory:
    """Events in the order in which they happened, the superseded ones left out."""

    def __init__(self) -> None:
        self._events: dict[object, Event] = {}
        self._counts: Counter[type[Event]] = Counter()

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events.values())

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Keep `event`. A story of the board replaces the one before, and the baseline's."""
        if event.source is Source.BOARD and isinstance(event, events.RunStarted):
            kept = self._events.items()
            self._events = {key: old for key, old in kept if isinstance(old, _OUTLAST_STORY)}
        key = self._key(event)
        self._events.pop(key, None)
        self._events[key] = event

    def _key(self, event: Event) -> object:
        """Return what `event` is known by; a later event of the same key supersedes it."""
        kind = type(event)
        self._counts[kind] += 1
        if isinstance(event, events.Tokens):  # as many as the story has (token_stream.py)
            return kind, self._counts[kind]
        if isinstance(event, _NOTES):
            return kind, self._counts[kind] % NOTES_KEPT
        return kind, event.source
