"""Gate that asks an adult for the code, or for a sum if no code is set."""

import random
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from duotui.story.strings import StoryStrings
from duotui.ui.glyphs import Glyphs
from duotui.ui.screens.modal import DialogScreen

GATE_TIMEOUT = 20.0
"""Seconds until the gate closes by itself, so that a child is not stuck."""


class GateScreen(DialogScreen[bool]):
    """Dismissed with True if the answer was right. One attempt."""

    AUTO_FOCUS = "#answer"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", show=False, id="gate.leave"),
        Binding("tab,shift+tab", "stay", show=False, priority=True),
    ]

    def __init__(
        self, code: str, strings: StoryStrings, rng: random.Random, glyphs: Glyphs
    ) -> None:
        super().__init__()
        self._strings, self._glyphs = strings, glyphs
        one, other = rng.randrange(12, 90), rng.randrange(12, 90)
        self._question = strings.code if code else f"{one} + {other} = ?"
        self._answer = code or str(one + other)
        self._secret = bool(code)

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = self._strings.grown_ups
            yield Static(Content(self._question))
            yield Input(
                id="answer", type="integer", max_length=4, compact=True, password=self._secret
            )

    def on_mount(self) -> None:
        self.set_timer(GATE_TIMEOUT, lambda: self.dismiss(False))

    def action_stay(self) -> None:
        """Keep the focus on the only input."""

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() == self._answer)
