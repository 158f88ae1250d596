"""The commands in force on a screen, read from its bindings: for the help and the palette."""

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class Command:
    binding: Binding
    namespace: DOMNode
    keys: str

    @property
    def meaning(self) -> str:
        return self.binding.tooltip or self.binding.description


def commands(screen: Screen[object]) -> Iterator[Command]:
    """Every binding of the screen and of the app that has an id; the keys are joined."""
    seen: dict[str, tuple[Binding, DOMNode, list[str]]] = {}
    nodes: tuple[DOMNode, ...] = (screen, screen.app)
    for node in nodes:
        for binding in node._bindings:
            if binding[1].id and binding[1].description:
                entry = seen.setdefault(binding[1].id, (binding[1], node, []))
                entry[2].append(screen.app.get_key_display(binding[1]))
    for binding_, node, keys in seen.values():
        yield Command(binding_, node, " or ".join(dict.fromkeys(keys)))
