"""The program's frame: themes, keys, and a way out that always works."""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider, SearchIcon
from textual.screen import Screen

from duotui import config
from duotui.config import Settings
from duotui.core.events import Request
from duotui.core.session import Sitting
from duotui.errors import DuotuiError, UsageError
from duotui.jury import Jury
from duotui.ui import glyphs, keepsake, themes
from duotui.ui.bindings import clashes, commands
from duotui.ui.commands import Commands
from duotui.ui.screens.console import ConsoleScreen
from duotui.ui.screens.help import HelpScreen
from duotui.ui.screens.judge import Judged, JudgeScreen
from duotui.ui.screens.jury import JuryScreen

PATIENCE = 0.7
"""Seconds that the sitting may take to close: the terminal is to be back within one."""


class DuoApp(App[None]):
    TITLE = "duotui"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar[set[type[Provider]]] = {Commands}  # type: ignore[assignment]
    COMMAND_PALETTE_BINDING = "ctrl+p"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it without ClassVar
        (0, "-narrow"),
        (100, "-medium"),
        (160, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "next_theme", "Theme", show=False, id="theme", tooltip="Wear the next theme"),
        Binding("p", "picture", "Picture", show=False, id="picture",
                tooltip="Save a picture of the screen (SVG)"),
        Binding("question_mark,f1", "help", "Help", id="help", tooltip="Every key"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, id="palette", priority=True,
                tooltip="Find a command by name"),
        Binding("ctrl+q", "quit", "Quit", id="quit", priority=True,
                tooltip="Quit, at any moment"),
        Binding("ctrl+c", "quit", "Quit", show=False, id="interrupt", priority=True,
                tooltip="Quit, as in any other program"),
    ]  # fmt: skip

    def __init__(
        self,
        sitting: Sitting | None,
        settings: Settings,
        *,
        ascii: bool = False,  # noqa: A002 - the option's name
        first: Request | None = None,
        court: Judged | Jury | None = None,
    ) -> None:
        """The console of `sitting`, or the judge's view of `court`: one of them is there."""
        super().__init__()
        self._sitting, self._court = sitting, court
        self._settings = settings
        self._first = first
        automatic = settings.ascii == "auto" and config.plain_terminal()
        self._glyphs = (
            glyphs.ASCII if ascii or settings.ascii == "on" or automatic else glyphs.UNICODE
        )
        self._leaving: asyncio.Task[None] | None = None
        self._warnings = list(settings.warnings)
        if self._glyphs.ascii:
            self.add_class("-ascii")
        own, failures = themes.load()
        for theme in own:
            self.register_theme(theme)
        self._own = tuple(theme.name for theme in own)
        self._warnings += [f"Theme {failure}" for failure in failures]

    def show(self) -> None:
        """Run it until it is left. Raises DuotuiError where it broke: the lines above say where."""
        self.run()
        if self.return_code:
            raise DuotuiError("the screen stopped", "the lines above say where")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(themes.VARIABLES)

    def get_default_screen(self) -> Screen[None]:
        if isinstance(self._court, Jury):
            return JuryScreen(self._court, self._glyphs)
        if self._court is not None:
            return JudgeScreen(self._court, self._glyphs)
        assert self._sitting is not None
        return ConsoleScreen(self._sitting, self._settings.story, self._glyphs, first=self._first)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own are all among ours."""
        return ()

    def on_mount(self) -> None:
        wanted = self._settings.theme
        if wanted in self.available_themes:
            self.theme = wanted
        else:
            self._warnings.append(f"There is no theme {wanted!r}: {config.DEFAULT_THEME} is worn")
            if config.DEFAULT_THEME in self.available_themes:
                self.theme = config.DEFAULT_THEME
        self._set_keys()
        for warning in self._warnings:
            self.notify(warning, title=self._settings.path.name, severity="warning", markup=False)
        self.theme_changed_signal.subscribe(self, lambda theme: self._settle(theme=theme.name))

    def _set_keys(self) -> None:
        known = {b.id for _, b in (*self.screen._bindings, *self._bindings) if b.id}
        for name in self._settings.keys.keys() - known:
            self._warnings.append(f"keys.{name}: no such command")
        self.set_keymap({k: v for k, v in self._settings.keys.items() if k in known})
        for binding in clashes(self.screen):
            lost = f"keys: {binding.description} has lost {binding.key}, another command has it"
            self._warnings.append(lost)

    def get_key_display(self, binding: Binding) -> str:
        shown = super().get_key_display(binding)
        plain = shown.isascii() or not self._glyphs.ascii
        return shown if plain and binding.key != "enter" else binding.key

    def on_console_screen_settled(self, event: ConsoleScreen.Settled) -> None:
        # The prompt of the moment is for the history; the settled one stays what it was.
        self._settle(story=replace(event.request, prompt=self._settings.story.prompt))

    def _settle(self, *, theme: str | None = None, story: Request | None = None) -> None:
        """Keep what was changed, for the next time."""
        before = self._settings
        self._settings = replace(before, theme=theme or before.theme, story=story or before.story)
        if self._settings != before:
            config.save(self._settings)

    # Commands

    def action_next_theme(self) -> None:
        names = self._own or tuple(self.available_themes)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(self.theme, title="Theme", timeout=2, markup=False)

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            rows = tuple((command.keys, command.meaning) for command in commands(self.screen))
            self.push_screen(HelpScreen(rows))

    def action_picture(self) -> None:
        try:
            path = keepsake.keep(self.export_screenshot(), "picture", ".svg")
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"Saved to {path}", markup=False)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            palette = CommandPalette(id="--command-palette", placeholder="Find a command")
            self.push_screen(palette)
            self.call_later(self._sign_palette, palette)

    def _sign_palette(self, palette: CommandPalette) -> None:
        for icon in palette.query(SearchIcon):
            icon.icon = ">"

    async def action_quit(self) -> None:
        await self._close()
        self.exit()

    async def on_unmount(self) -> None:
        await self._close()

    async def _close(self) -> None:
        """Close the sitting, once; whatever it still does after PATIENCE is not waited for."""
        if self._leaving is None:
            left = self._court or self._sitting
            assert left is not None
            self._leaving = asyncio.ensure_future(left.close())
            self._leaving.add_done_callback(_read)
        await asyncio.wait({self._leaving}, timeout=PATIENCE)


def _read(task: asyncio.Task[None]) -> None:
    """A failure while leaving helps nobody any more."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
