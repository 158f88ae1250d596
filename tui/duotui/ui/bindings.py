"""Commands of a screen, read from its bindings, for the help and the command palette."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from textual.binding import ActiveBinding, Binding
from textual.dom import DOMNode
from textual.screen import Screen, ScreenResultType

from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

STEP_BINDING = Binding(
    "full_stop",
    "step",
    N_("Step"),
    show=False,
    id="step",
    tooltip=N_("In a recording that is held: on to the next words"),
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
        """What it does, in the user's language."""
        return _(self.binding.tooltip or self.binding.description)

    @property
    def name(self) -> str:
        """Its short name, in the user's language."""
        return _(self.binding.description)


class TranslatedBindings(Screen[ScreenResultType]):
    """Screen whose footer shows the bindings in the user's language."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        return {
            key: active._replace(
                binding=replace(active.binding, description=_(active.binding.description)),
                tooltip=_(active.tooltip),
            )
            for key, active in super().active_bindings.items()
        }


def commands(screen: Screen[Any]) -> Iterator[BoundCommand]:
    """Commands of this screen and of the app, with their current keys.

    Textual's `active_bindings` would omit the letters while a prompt is typed."""
    by_action: dict[str, list[tuple[Binding, DOMNode]]] = {}
    for node, bindings in _mapped(screen):
        for binding in bindings:
            by_action.setdefault(binding.action, []).append((binding, node))
    for bound in by_action.values():
        keys = dict.fromkeys(screen.app.get_key_display(binding) for binding, _ in bound)
        yield BoundCommand(*bound[0], _(" or ").join(keys))


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
