"""Input for the prompt; up and down recall earlier prompts."""

from pathlib import Path
from typing import ClassVar

from platformdirs import user_state_path
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from duotui.base.files import atomic_write, read_text, reason
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

HISTORY_LIMIT = 200
"""Prompts in the history at most."""

PROMPT_CHARACTERS = 2000
"""Characters of a prompt in the history at most."""


HISTORY_LIMIT_BYTES = 4 << 20
"""Bytes of the file at most: more than HISTORY_LIMIT prompts need."""


class PromptHistory:
    """Earlier prompts, the newest last. If the file fails, they last until the program ends, and
    `trouble` is the reason. A file that cannot be read is not written over."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_state_path("duotui") / "history"
        self.trouble, self._is_kept = "", True
        lines: list[str] = []
        try:
            lines = read_text(self._path, HISTORY_LIMIT_BYTES).splitlines()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.trouble = _(
                "the history {path} cannot be read: {error}", path=self._path, error=reason(error)
            )
            self._is_kept = False
        self._prompts = [line for line in lines if line][-HISTORY_LIMIT:]
        self._at = len(self._prompts)
        self._typed = ""

    def add(self, prompt: str) -> None:
        line = " ".join(prompt.splitlines())
        if line and len(line) <= PROMPT_CHARACTERS:
            self._prompts = [*(p for p in self._prompts if p != line), line][-HISTORY_LIMIT:]
            self._save()
        self._at = len(self._prompts)

    def older(self, typed: str) -> str:
        """The prompt before. `typed` is kept, and follows the newest prompt."""
        if self._at == len(self._prompts):
            self._typed = typed
        self._at = max(0, self._at - 1)
        return self._prompts[self._at] if self._prompts else typed

    def newer(self, typed: str) -> str:
        if self._at >= len(self._prompts):
            return typed
        self._at += 1
        return self._prompts[self._at] if self._at < len(self._prompts) else self._typed

    def _save(self) -> None:
        if not self._is_kept:
            return
        text = "\n".join(self._prompts) + "\n"
        try:
            atomic_write(self._path, text.encode("utf-8", "replace"))
        except OSError as error:
            self.trouble = _(
                "the history {path} cannot be written: {error}",
                path=self._path,
                error=reason(error),
            )
        else:
            self.trouble = ""


class PromptLine(Input):
    class Asked(Message):
        """Enter was pressed: generate a story from `prompt`."""

        def __init__(self, prompt: str) -> None:
            super().__init__()
            self.prompt = prompt

    class Left(Message):
        """Escape was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older", N_("Earlier prompt"), show=False, id="prompt.older"),
        Binding("down", "newer", N_("Later prompt"), show=False, id="prompt.newer"),
        Binding("escape", "leave", N_("Leave the prompt"), id="prompt.leave"),
        Binding("enter", "submit", N_("Tell"), id="prompt.tell"),
        Binding("alt+c,super+c", "copy", N_("Copy what is selected"), show=False, id="prompt.copy"),
    ]

    def __init__(self, prompt: str, history: PromptHistory) -> None:
        super().__init__(prompt, id="prompt", placeholder=_("how the story begins"), compact=True)
        self.cursor_blink = False
        self.select_on_focus = False
        self._history = history
        self._shown_trouble = ""

    def on_mount(self) -> None:
        self._show_trouble()

    def action_older(self) -> None:
        self._recall(self._history.older(self.value))

    def action_newer(self) -> None:
        self._recall(self._history.newer(self.value))

    def _recall(self, prompt: str) -> None:
        self.value = prompt
        self.cursor_position = len(prompt)

    def action_leave(self) -> None:
        self.post_message(self.Left())

    async def action_submit(self) -> None:
        self._history.add(self.value)
        self._show_trouble()
        self.post_message(self.Asked(self.value))

    def _show_trouble(self) -> None:
        trouble = self._history.trouble
        if trouble and trouble != self._shown_trouble:
            self.notify(trouble, severity="warning", markup=False)
        self._shown_trouble = trouble
