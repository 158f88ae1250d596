"""Base class of the apps: themes, glyphs, and an exit that always works."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from textual.app import App
from textual.driver import Driver

from duotui.base.errors import Cancelled, DuotuiError, Exit, UsageError, unexpected
from duotui.base.event_loop import on_callback_failure
from duotui.base.translation import gettext as _
from duotui.settings import config_file
from duotui.settings.config_file import Settings
from duotui.ui import glyphs, themes
from duotui.ui.exit_guard import QUIT_TIMEOUT, SIGNAL_TIMEOUT, ExitGuard
from duotui.ui.terminal_driver import with_resilience

CLOSE_TIMEOUT = 0.7
"""Seconds that the session may take to close: the terminal is restored within one second."""


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
        self._guard = ExitGuard()
        self._main_loop: asyncio.AbstractEventLoop | None = None
        self._is_stopped = False
        self._failure: BaseException | None = None
        self._session_closing: asyncio.Task[None] | None = None
        self._ended: asyncio.Task[None] | None = None
        self._warnings = list(settings.warnings)
        if self._glyphs.ascii:
            self.add_class("-ascii")
        loaded, failures = themes.load()
        for theme in loaded:
            self.register_theme(theme)
        self._loaded_themes = tuple(theme.name for theme in loaded)
        self._warnings += [_("Theme {failure}", failure=failure) for failure in failures]

    def on_mount(self) -> None:
        self._main_loop = asyncio.get_running_loop()
        on_callback_failure(self._main_loop, self._fail)
        if self._is_stopped:
            self._end()
        # the terminal is empty after a suspension
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    def show(self) -> None:
        """Run the app until the user quits. Raises DuotuiError after an error in it or in a
        callback, and Cancelled after a signal."""
        with self._guard.on_signals(self._stop):
            self.run()
        if self._failure is not None:
            raise unexpected(self._failure)
        if self._is_stopped:
            raise Cancelled(_("stopped"))
        if self.return_code:
            raise DuotuiError(_("the screen stopped"), _("the lines above say where"))

    def get_driver_class(self) -> type[Driver]:
        return with_resilience(super().get_driver_class(), self._stop)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(themes.VARIABLES)

    def apply_theme(self, wanted: str) -> None:
        """Apply the theme `wanted`; if there is none, the default theme, with a warning."""
        if wanted in self.available_themes:
            self.theme = wanted
            return
        self._warnings.append(
            _(
                "There is no theme {wanted!r}: {default} is worn",
                wanted=wanted,
                default=config_file.DEFAULT_THEME,
            )
        )
        if config_file.DEFAULT_THEME in self.available_themes:
            self.theme = config_file.DEFAULT_THEME

    def save_settings(self) -> None:
        """Save the settings, or show why they cannot be saved."""
        try:
            config_file.save(self._settings)
        except UsageError as error:
            if str(error) not in self._warnings:
                self._warnings.append(str(error))
            self.notify(str(error), severity="warning", markup=False)

    def close_session(self) -> Coroutine[Any, Any, None]:
        """Close the session that the screen shows."""
        raise NotImplementedError

    async def action_quit(self) -> None:
        await self._leave()

    async def on_unmount(self) -> None:
        await self._close()

    def _stop(self) -> None:
        """End the app from outside: a signal, or a terminal that is gone. Any thread may call."""
        self._is_stopped = True
        self._guard.arm(Exit.CANCELLED, SIGNAL_TIMEOUT)
        if self._main_loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._main_loop.call_soon_threadsafe(self._end)

    def _fail(self, error: BaseException) -> None:
        """End the app after a failure in a callback of its loop."""
        if self._failure is None:
            self._failure = error
            self._end()

    def _end(self) -> None:
        self._ended = asyncio.ensure_future(self._leave())

    async def _leave(self) -> None:
        self._guard.arm(Exit.OK, QUIT_TIMEOUT)
        await self._close()
        self.exit()

    async def _close(self) -> None:
        """Close the session once, and wait for at most CLOSE_TIMEOUT."""
        if self._session_closing is None:
            self._session_closing = asyncio.ensure_future(self.close_session())
            self._session_closing.add_done_callback(_ignore_failure)
        await asyncio.wait({self._session_closing}, timeout=CLOSE_TIMEOUT)


def _ignore_failure(task: asyncio.Task[None]) -> None:
    """Retrieve the exception of `task`, so that asyncio does not log it after the exit."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
