"""What any screen with a story can do with it: copy it, save it, record what happens, have it said
aloud."""

from duotui.base.errors import UsageError
from duotui.session.session import SessionProtocol
from duotui.session.state import LinkState
from duotui.ui import export_paths
from duotui.ui.screens.live_screen import LiveScreen


class StoryActionsScreen(LiveScreen):
    """Its keys are those of the screen that it becomes."""

    def __init__(self, session: SessionProtocol) -> None:
        super().__init__()
        self._session = session

    def _live(self) -> bool:
        """Whether anything can be asked at all; says so if not."""
        if not self._session.live:
            self._say("This is a recording: nothing can be asked of it")
        return self._session.live

    def _changed(self) -> None:
        """Something is to be shown that is no event."""

    def action_copy_story(self) -> None:
        text = self.get_selected_text() or self._session.state.board.text
        if text:
            self.app.copy_to_clipboard(text)
            self._say(f"{len(text)} characters copied")
        else:
            self._say("There is no story to copy yet")

    def action_save(self) -> None:
        text = self._session.state.board.text
        if not text:
            self._say("There is no story to save yet")
            return
        try:
            self._say(
                f"Saved to {export_paths.save_text(text.rstrip() + chr(10), 'story', '.txt')}"
            )
        except UsageError as error:
            self._say(error.message, error.hint, severity="error")

    def action_record(self) -> None:
        if not self._live():
            return
        recording = self._session.recording
        try:
            if recording is None:
                path = export_paths.new_path("recording", ".jsonl")
                self._session.record(path)
                self._say(f"Recording to {path}")
            else:
                self._session.record(None)
                self._say(f"Recorded in {recording}")
        except UsageError as error:
            self._say(error.message, error.hint, severity="error")
        self._changed()

    def action_speak(self) -> None:
        """Aloud, or be quiet. Not while a story is told: its time counts."""
        if not self._live():
            return
        board = self._session.state.board
        if board.speaking:
            self._session.stop_speaking()
        elif board.link not in (LinkState.UP, LinkState.SILENT):
            self._say("The board is not there to say it")
        elif board.running or not board.text:
            self._say("There is no whole story to say yet")
        else:
            self._session.speak()

    def _say(self, text: str, hint: str = "", *, severity: str = "information") -> None:
        self.app.notify(
            f"{text}\n{hint}" if hint else text,
            severity="error" if severity == "error" else "information",
            markup=False,
        )
