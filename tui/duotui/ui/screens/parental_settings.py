"""Form of the parental settings, checked while typing, with the faults; ctrl+q quits here."""

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.settings.parental_settings import PARENTAL_SCHEMA, ParentalSettings
from duotui.ui.glyphs import Glyphs
from duotui.ui.screens.modal import DialogScreen

LABELS = {
    "name": N_("name"),
    "is_a": N_("is a"),
    "language": N_("language"),
    "theme": N_("theme"),
    "pace": N_("pace"),
    "voice": N_("voice"),
    "voice_name": N_("voice name"),
    "volume": N_("volume"),
    "volume_night": N_("volume night"),
    "evening": N_("evening"),
    "morning": N_("morning"),
    "bedtime_from": N_("bedtime from"),
    "quiet_from": N_("quiet from"),
    "quiet_to": N_("quiet to"),
    "minutes_a_day": N_("minutes a day"),
    "sleep_after": N_("sleep after"),
    "one_more": N_("one more"),
    "pictures": N_("pictures"),
    "motion": N_("motion"),
    "microphone": N_("microphone"),
    "code": N_("code"),
}
"""The label of each setting: in English its name in the file."""


class ParentalSettingsScreen(DialogScreen[ParentalSettings | None]):
    """Dismissed with the new settings, or None. `notes` are warnings and faults, a line each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", N_("Leave"), id="parents.leave"),
        Binding("enter", "apply", N_("Use"), id="parents.use", priority=True),
        # priority over the panel's bindings, which would scroll it
        Binding("up", "app.focus_previous", N_("Field before"), show=False, priority=True),
        Binding("down", "app.focus_next", N_("Next field"), show=False, priority=True),
    ]

    def __init__(self, parental: ParentalSettings, notes: tuple[str, ...], glyphs: Glyphs) -> None:
        super().__init__()
        self._parental, self._notes, self._glyphs = parental, notes, glyphs

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="panel", can_focus=False) as panel:
            panel.border_title = _("For grown-ups")
            panel.border_subtitle = _("enter uses it, escape leaves, ctrl+q ends the story machine")
            for note in self._notes:
                yield Static(Content(f"{self._glyphs.warning} {note}"), classes="note")
            yield Static(id="wrong")
            for name, setting in PARENTAL_SCHEMA.settings.items():
                with Horizontal(classes="field"):
                    yield Static(_(LABELS[name]), classes="name")
                    text = setting.to_text(getattr(self._parental, name))
                    yield Input(text, id=name, compact=True)
                    yield Static(Content(str(setting.expected)), classes="meaning")

    @on(Input.Changed)
    def _typed(self) -> None:
        self._checked()

    def _checked(self) -> ParentalSettings | None:
        """The settings as typed; if one is wrong, show the first error and return None."""
        parental, wrong = self._parental, ""
        for name, setting in PARENTAL_SCHEMA.settings.items():
            field = self.query_one(f"#{name}", Input)
            try:
                parental = replace(parental, **{name: setting.check(field.value)})
                field.remove_class("-wrong")
            except UsageError as error:
                field.add_class("-wrong")
                label = _(LABELS[name])
                wrong = wrong or f"{self._glyphs.warning} {label}: {error.message}"
        self.query_one("#wrong", Static).update(Content(wrong))
        return None if wrong else parental

    def action_apply(self) -> None:
        parental = self._checked()
        if parental is not None:
            self.dismiss(parental)
