"""The commands in force on a screen, read from its bindings: for the help and the palette."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class BoundCommand:
    binding: Binding
    namespace: DOMNode
    keys: str
    """How its keys are written, all of them."""

    @property
    def meaning(self) -> str:
        return self.binding.tooltip or self.binding.description


def commands(screen: Screen[Any]) -> Iterator[BoundCommand]:
    """What can be done on this screen and in the app, with the keys as they are now mapped.

    Not `active_bindings`: that leaves out the letters while a prompt is typed."""
    found: dict[str, list[tuple[Binding, DOMNode]]] = {}
    for node, bindings in _mapped(screen):
        for binding in bindings:
            found.setdefault(binding.action, []).append((binding, node))
    for same in found.values():
        keys = dict.fromkeys(screen.app.get_key_display(binding) for binding, _ in same)
        yield BoundCommand(*same[0], " or ".join(keys))


def clashes(screen: Screen[Any]) -> Iterator[Binding]:
    """Bindings that lost a key to another command's new one."""
    keymap = screen.app._keymap
    taken: set[str] = set()
    for node, bindings in _mapped(screen):
        kept = {(binding.id, binding.key) for binding in bindings}
        for key, binding in node._bindings:
            if binding.id and binding.id not in keymap and (binding.id, key) not in kept:
                yield binding
        for binding in bindings:
            if binding.key in taken:
                yield binding
            taken.add(binding.key)


def _mapped(screen: Screen[Any]) -> Iterator[tuple[DOMNode, list[Binding]]]:
    nodes: tuple[DOMNode, ...] = (screen, screen.app)
    for node in nodes:
        bindings = node._bindings.copy()
        bindings.apply_keymap(screen.app._keymap)
        yield node, [binding for _, binding in bindings if binding.id and binding.description]
