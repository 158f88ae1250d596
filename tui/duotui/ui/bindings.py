"""Commands of a screen, read from its bindings, for the help and the command palette."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

STEP_BINDING = Binding(
    "full_stop",
    "step",
    "Step",
    show=False,
    id="step",
    tooltip="In a recording that is held: on to the next words",
)
"""The binding of each screen that plays a recording."""


@dataclass(frozen=True, slots=True)
class BoundCommand:
    binding: Binding
    namespace: DOMNode
    keys: str
    """Text that names all of its keys."""

    @property
    def meaning(self) -> str:
        return self.binding.tooltip or self.binding.description


def commands(screen: Screen[Any]) -> Iterator[BoundCommand]:
    """Commands of this screen and of the app, with their current keys.

    Textual's `active_bindings` would omit the letters while a prompt is typed."""
    by_action: dict[str, list[tuple[Binding, DOMNode]]] = {}
    for node, bindings in _mapped(screen):
        for binding in bindings:
            by_action.setdefault(binding.action, []).append((binding, node))
    for bound in by_action.values():
        keys = dict.fromkeys(screen.app.get_key_display(binding) for binding, _ in bound)
        yield BoundCommand(*bound[0], " or ".join(keys))


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
