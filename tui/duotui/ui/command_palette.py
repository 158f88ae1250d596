"""Entries of the command palette: the commands with keys, and the themes."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from duotui.base.translation import gettext as _
from duotui.ui.bindings import commands

Entry = tuple[str, str, IgnoreReturnCallbackType]


class BindingCommands(Provider):
    """Lists the bindings of the screen below, so that no command is written twice."""

    def _entries(self) -> Iterator[Entry]:
        for command in commands(self.screen):
            run = partial(self.app.run_action, command.binding.action, command.namespace)
            yield _("{name} ({keys})", name=command.name, keys=command.keys), command.meaning, run
        for name in sorted(self.app.available_themes):
            yield (
                _("Theme {name}", name=name),
                _("Wear this theme"),
                partial(setattr, self.app, "theme", name),
            )

    async def discover(self) -> Hits:
        for name, meaning, run in self._entries():
            yield DiscoveryHit(name, run, help=meaning)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, meaning, run in self._entries():
            score = max(matcher.match(name), 0.8 * matcher.match(meaning))
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=meaning)
