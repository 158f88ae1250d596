"""Actions of a screen with a story: copy, save, record, text-to-speech."""

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.session.session import SessionProtocol
from duotui.session.source_state import LinkState
from duotui.ui import export_paths
from duotui.ui.screens.throttled_screen import ThrottledScreen


class StoryActionsScreen(ThrottledScreen):
    """Subclasses bind keys to these actions."""

    def __init__(self, session: SessionProtocol) -> None:
        super().__init__()
        self._session = session

    def _live(self) -> bool:
        """True if the session accepts commands; else notify the user."""
        if not self._session.live:
            self._show_message(_("This is a recording: nothing can be asked of it"))
        return self._session.live

    def _update_view(self) -> None:
        """Update the screen after a change that causes no event."""

    def action_copy_story(self) -> None:
        text = self.get_selected_text() or self._session.state.board.text
        if text:
            self.app.copy_to_clipboard(text)
            self._show_message(_("{count} characters copied", count=len(text)))
        else:
            self._show_message(_("There is no story to copy yet"))

    def action_save(self) -> None:
        text = self._session.state.board.text
        if not text:
            self._show_message(_("There is no story to save yet"))
            return
        try:
            self._show_message(
                _(
                    "Saved to {path}",
                    path=export_paths.save_text(text.rstrip() + chr(10), "story", ".txt"),
                )
            )
        except UsageError as error:
            self._show_message(error.message, error.hint, severity="error")

    def action_record(self) -> None:
        if not self._live():
            return
        recording = self._session.recording
        try:
            if recording is None:
                path = export_paths.new_path("recording", ".jsonl")
                self._session.record(path)
                self._show_message(_("Recording to {path}", path=path))
            else:
                self._session.record(None)
                self._show_message(_("Recorded in {recording}", recording=recording))
        except UsageError as error:
            self._show_message(error.message, error.hint, severity="error")
        self._update_view()

    def action_speak(self) -> None:
        """Speak the story, or stop speaking. Refused during a run, whose time is measured."""
        if not self._live():
            return
        board = self._session.state.board
        if board.speaking:
            self._session.stop_speaking()
        elif board.link not in (LinkState.UP, LinkState.SILENT):
            self._show_message(_("The board is not there to say it"))
        elif board.running or not board.text:
            self._show_message(_("There is no whole story to say yet"))
        else:
            self._session.speak()

    def _show_message(self, text: str, hint: str = "", *, severity: str = "information") -> None:
        self.app.notify(
            f"{text}\n{hint}" if hint else text,
            severity="error" if severity == "error" else "information",
            markup=False,
        )
