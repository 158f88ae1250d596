"""Dialog that ignores a second dismissal: if two keys arrive before it closes, Textual would also
remove the screen below."""

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType

from duotui.ui.bindings import TranslatedBindings


class TranslatedModal(TranslatedBindings[ScreenResultType], ModalScreen[ScreenResultType]):
    """Modal screen whose footer is in the user's language."""


class DialogScreen(TranslatedModal[ScreenResultType]):
    _dismissed = False

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        if self._dismissed:
            return AwaitComplete()
        self._dismissed = True
        return super().dismiss(result)
