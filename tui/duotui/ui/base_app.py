"""What every duotui on a screen has: themes, characters, and a way out that always works."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from textual.app import App

from duotui.base import oscompat
from duotui.base.errors import Cancelled, DuotuiError
from duotui.settings import config_file
from duotui.settings.config_file import Settings
from duotui.ui import glyphs, themes

CLOSE_TIMEOUT = 0.7
"""Seconds that what is behind the screen may take to close: the terminal is to be back within
one."""


class BaseApp(App[None]):
    TITLE = "duotui"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it without ClassVar
        (0, "-narrow"),
        (100, "-medium"),
        (160, "-wide"),
    ]

    def __init__(self, settings: Settings, *, ascii: bool = False) -> None:  # noqa: A002
        super().__init__()
        self._settings = settings
        automatic = settings.ascii == "auto" and config_file.ascii_only_terminal()
        self._glyphs = (
            glyphs.ASCII_GLYPHS
            if ascii or settings.ascii == "on" or automatic
            else glyphs.UNICODE_GLYPHS
        )
        self._signals = contextlib.ExitStack()
        self._leaving: asyncio.Task[None] | None = None
        self._ended: asyncio.Task[None] | None = None
        self._warnings = list(settings.warnings)
        if self._glyphs.ascii:
            self.add_class("-ascii")
        own, failures = themes.load()
        for theme in own:
            self.register_theme(theme)
        self._own = tuple(theme.name for theme in own)
        self._warnings += [f"Theme {failure}" for failure in failures]

    def on_mount(self) -> None:
        # ended from outside, it gives the terminal back, and leaves no engine
        self._signals.enter_context(oscompat.on_signals(oscompat.HANGUPS, self._end))
        # after a suspension the terminal shows nothing of it
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    def show(self) -> None:
        """Run it until it is left. Raises DuotuiError where it broke: the lines above say where;
        and Cancelled where it was ended from outside."""
        self.run()
        if self._ended:
            raise Cancelled("stopped")
        if self.return_code:
            raise DuotuiError("the screen stopped", "the lines above say where")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(themes.VARIABLES)

    def apply_theme(self, wanted: str) -> None:
        """A theme by its name; where there is none, the usual one, and a warning."""
        if wanted in self.available_themes:
            self.theme = wanted
            return
        self._warnings.append(f"There is no theme {wanted!r}: {config_file.DEFAULT_THEME} is worn")
        if config_file.DEFAULT_THEME in self.available_themes:
            self.theme = config_file.DEFAULT_THEME

    def close_session(self) -> Coroutine[Any, Any, None]:
        """Close the session that the screen shows."""
        raise NotImplementedError

    async def action_quit(self) -> None:
        await self._leave()

    async def on_unmount(self) -> None:
        self._signals.close()
        await self._close()

    def _end(self) -> None:
        self._ended = asyncio.ensure_future(self._leave())

    async def _leave(self) -> None:
        await self._close()
        self.exit()

    async def _close(self) -> None:
        """Once; whatever it still does after PATIENCE is not waited for."""
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self.close_session())
            self._leaving.add_done_callback(_read)
        await asyncio.wait({self._leaving}, timeout=CLOSE_TIMEOUT)


def _read(task: asyncio.Task[None]) -> None:
    """A failure while leaving helps nobody any more."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
