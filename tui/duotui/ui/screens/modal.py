"""A panel that is left once: two keys may come before it is gone, and Textual would then take the
screen below it away too."""

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class DialogScreen(ModalScreen[ScreenResultType]):
    _left = False

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        if self._left:
            return AwaitComplete()
        self._left = True
        return super().dismiss(result)
