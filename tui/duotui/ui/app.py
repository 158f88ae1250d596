"""App of the console and of the judge's screens: keys and commands."""

from collections.abc import Coroutine, Iterable
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider, SearchIcon
from textual.screen import Screen

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.judge.multi_board import MultiBoardSession
from duotui.judge.session import JudgeSession
from duotui.protocol.request import Request
from duotui.session.session import SessionProtocol
from duotui.settings.config_file import Settings
from duotui.settings.setting import changed_fields
from duotui.ui import export_paths
from duotui.ui.base_app import BaseApp
from duotui.ui.bindings import clashes, commands
from duotui.ui.command_palette import BindingCommands
from duotui.ui.screens.console import ConsoleScreen
from duotui.ui.screens.help import HelpScreen
from duotui.ui.screens.judge import JudgeScreen
from duotui.ui.screens.multi_board import MultiBoardScreen


class PlainPalette(CommandPalette):
    """Textual's command palette, with an icon that every terminal font has."""

    def on_mount(self) -> None:
        self.query_one(SearchIcon).icon = ">"


class ConsoleApp(BaseApp):
    COMMANDS: ClassVar[set[type[Provider]]] = {BindingCommands}  # type: ignore[assignment]
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "t",
            "next_theme",
            N_("Theme"),
            show=False,
            id="theme",
            tooltip=N_("Wear the next theme"),
        ),
        Binding(
            "p",
            "picture",
            N_("Picture"),
            show=False,
            id="picture",
            tooltip=N_("Save a picture of the screen (SVG)"),
        ),
        Binding("question_mark,f1", "help", N_("Help"), id="help", tooltip=N_("Every key")),
        Binding(
            "ctrl+p",
            "command_palette",
            N_("Commands"),
            show=False,
            id="palette",
            priority=True,
            tooltip=N_("Find a command by name"),
        ),
        Binding(
            "ctrl+q",
            "quit",
            N_("Quit"),
            id="quit",
            priority=True,
            tooltip=N_("Quit, at any moment"),
        ),
        Binding(
            "ctrl+c",
            "quit",
            N_("Quit"),
            show=False,
            id="interrupt",
            priority=True,
            tooltip=N_("Quit, as in any other program"),
        ),
    ]

    def __init__(
        self,
        session: SessionProtocol | None,
        settings: Settings,
        *,
        ascii: bool = False,  # noqa: A002 - the option's name
        first: Request | None = None,
        request: Request | None = None,
        theme: str = "",
        judge_session: JudgeSession | MultiBoardSession | None = None,
    ) -> None:
        """Exactly one of `session` and `judge_session` is given. `request` and `theme` are this
        run's, in place of those of `settings`, which they do not change."""
        super().__init__(settings, ascii=ascii)
        self._session, self._judge_session = session, judge_session
        self._first, self._request = first, request or settings.story
        self._theme_of_run = theme

    def get_default_screen(self) -> Screen[None]:
        if isinstance(self._judge_session, MultiBoardSession):
            return MultiBoardScreen(self._judge_session, self._glyphs)
        if self._judge_session is not None:
            return JudgeScreen(self._judge_session, self._glyphs)
        assert self._session is not None
        return ConsoleScreen(self._session, self._request, self._glyphs, first=self._first)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Omit Textual's commands: BindingCommands lists them all."""
        return ()

    def on_mount(self) -> None:
        self.apply_theme(self._theme_of_run or self._settings.theme)
        self._set_keys()
        for warning in self._warnings:
            self.notify(warning, title=self._settings.path.name, severity="warning", markup=False)
        self.theme_changed_signal.subscribe(
            self, lambda theme: self._save_settings(theme=theme.name)
        )

    def _set_keys(self) -> None:
        known = {b.id for _, b in (*self.screen._bindings, *self._bindings) if b.id}
        for name in self._settings.keys.keys() - known:
            self._warnings.append(_("keys.{name}: no such command", name=name))
        self.set_keymap({k: v for k, v in self._settings.keys.items() if k in known})
        for binding in clashes(self.screen):
            warning = _(
                "keys: {description} has lost {key}, another command has it",
                description=_(binding.description),
                key=binding.key,
            )
            self._warnings.append(warning)

    def get_key_display(self, binding: Binding) -> str:
        text = super().get_key_display(binding)
        plain = text.isascii() or not self._glyphs.ascii
        return text if plain and binding.key != "enter" else binding.key

    def on_console_screen_settled(self, event: ConsoleScreen.Settled) -> None:
        # Options of this run's command line are not the user's settings, and the history keeps the
        # prompt.
        changes = changed_fields(event.before, event.after)
        changes.pop("prompt", None)
        self._save_settings(story=replace(self._settings.story, **changes))

    def _save_settings(self, *, theme: str | None = None, story: Request | None = None) -> None:
        """Save a changed theme or request in the user's settings."""
        before = self._settings
        self._settings = replace(before, theme=theme or before.theme, story=story or before.story)
        if self._settings != before:
            self.save_settings()

    # Commands

    def action_next_theme(self) -> None:
        names = self._loaded_themes or tuple(self.available_themes)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(self.theme, title=_("Theme"), timeout=2, markup=False)

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            rows = tuple((command.keys, command.meaning) for command in commands(self.screen))
            self.push_screen(HelpScreen(rows))

    def action_picture(self) -> None:
        try:
            path = export_paths.save_text(self.export_screenshot(), "picture", ".svg")
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(_("Saved to {path}", path=path), markup=False)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(PlainPalette(id="--command-palette", placeholder=_("Find a command")))

    def close_session(self) -> Coroutine[Any, Any, None]:
        session = self._judge_session or self._session
        assert session is not None
        return session.close()
