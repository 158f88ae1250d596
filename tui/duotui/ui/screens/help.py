"""Help: every key, from the current bindings, with the user's own keys."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from duotui.base.text_width import cell_len, right_aligned
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.ui.screens.modal import TranslatedModal

Rows = tuple[tuple[str, str], ...]

READING = N_(
    "The baseline is the same model, unquantised, telling the same story. "
    "Where they part, [+word] is the board's and [-word] the baseline's."
)


class HelpScreen(TranslatedModal[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss(None)", N_("Close"), id="help.close"),
    ]

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        widest = max((cell_len(key) for key, meaning in self._rows), default=0)
        parts: list[Content] = []
        for key, meaning in self._rows:
            parts.append(Content.styled(right_aligned(key, widest), "bold $duo-rate"))
            parts.append(Content(f"  {meaning}\n"))
        reading = Content.styled(f"\n{_(READING)}", "$foreground 60%")
        with VerticalScroll(id="panel") as panel:
            panel.border_title = _("Keys")
            panel.border_subtitle = _("escape closes")
            yield Static(Content.assemble(*parts, reading), id="keys")
