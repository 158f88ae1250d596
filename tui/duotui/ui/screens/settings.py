"""Form of the next request: temperature, top-p, seed, steps and mode, checked while typing."""

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.protocol.request import Mode, Request
from duotui.settings.config_file import STORY_SCHEMA
from duotui.ui.glyphs import Glyphs
from duotui.ui.screens.modal import TranslatedModal

FIELDS = {
    "temperature": (N_("temperature"), N_("0 takes the likeliest word")),
    "top_p": (N_("top-p"), N_("how much of the likely words")),
    "seed": (N_("seed"), N_("the same seed, the same story")),
    "steps": (N_("steps"), N_("tokens at most; 0: all it can")),
}


class ChoiceInput(Static, can_focus=True):
    """Input for one of a few values, changed with left and right."""

    class Changed(Message):
        pass

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", N_("Before"), show=False),
        Binding("right,space", "turn(1)", N_("Next"), show=False),
    ]

    def __init__(self, values: tuple[Mode, ...], value: Mode, glyphs: Glyphs) -> None:
        super().__init__(id="mode")
        self._values = values
        self._glyphs = glyphs
        self.value = value

    def on_mount(self) -> None:
        before, after = self._glyphs.choose
        self.update(Content(f"{before} {self.value} {after}"))

    def action_turn(self, by: int) -> None:
        at = self._values.index(self.value) if self.value in self._values else -by
        self.value = self._values[(at + by) % len(self._values)]
        self.on_mount()
        self.post_message(self.Changed())


class SettingsScreen(TranslatedModal[Request | None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", N_("Leave"), id="settings.leave"),
        Binding("enter", "apply", N_("Use"), id="settings.use", priority=True),
        Binding("up", "app.focus_previous", N_("Field before"), show=False),
        Binding("down", "app.focus_next", N_("Next field"), show=False),
    ]

    def __init__(self, request: Request, modes: tuple[Mode, ...], glyphs: Glyphs) -> None:
        super().__init__()
        self._request = request
        self._modes = modes
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = _("Settings of the next story")
            panel.border_subtitle = _("enter uses them, escape leaves")
            for name, (label, meaning) in FIELDS.items():
                with Horizontal(classes="field"):
                    yield Static(_(label), classes="name")
                    value = getattr(self._request, name)
                    text = STORY_SCHEMA.settings[name].to_text(value)
                    yield Input(text, id=name, compact=True)
                    yield Static(_(meaning), classes="meaning")
            with Horizontal(classes="field"):
                yield Static(_("mode"), classes="name")
                yield ChoiceInput(self._modes, self._request.mode, self._glyphs)
                yield Static(_("left and right choose"), classes="meaning")
            yield Static(id="wrong")

    @on(Input.Changed)
    def _typed(self) -> None:
        self._check()

    def _check(self) -> Request | None:
        """The request as typed; if a field is wrong, show the first error and return None."""
        request, wrong = self._request, ""
        for name, (label, _meaning) in FIELDS.items():
            field = self.query_one(f"#{name}", Input)
            try:
                request = replace(request, **{name: STORY_SCHEMA.settings[name].check(field.value)})
                field.remove_class("-wrong")
            except UsageError as error:
                field.add_class("-wrong")
                wrong = wrong or f"{self._glyphs.warning} {_(label)}: {error.message}"
        self.query_one("#wrong", Static).update(Content(wrong))
        return None if wrong else replace(request, mode=self.query_one(ChoiceInput).value)

    def action_apply(self) -> None:
        request = self._check()
        if request is not None:
            self.dismiss(request)
