"""App of the story screen: a gate protects the parental settings and the exit."""

import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from duotui.base.translation import untranslated as N_
from duotui.base.translation import use_language
from duotui.settings import config_file
from duotui.settings.config_file import Settings
from duotui.settings.parental_settings import ParentalSettings
from duotui.settings.setting import changed_fields
from duotui.story import parental_policy
from duotui.story.controller import StoryController
from duotui.story.strings import story_strings
from duotui.ui.base_app import BaseApp
from duotui.ui.image_cache import ImageCache, with_images
from duotui.ui.screens.gate import GateScreen
from duotui.ui.screens.parental_settings import ParentalSettingsScreen
from duotui.ui.screens.story import StoryScreen

MINUTE_SECONDS = 60.0


class StoryApp(BaseApp):
    """The app handles the quit keys: Textual's own bindings would bypass those of a screen. The
    terminal window can still be closed."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+q,ctrl+c", "quit", N_("Grown-ups"), show=False, id="grown-ups", priority=True
        ),
    ]

    def __init__(
        self,
        controller: StoryController,
        settings: Settings,
        wall: Callable[[], datetime],
        rng: random.Random,
        *,
        ascii: bool = False,  # noqa: A002 - the option's name
    ) -> None:
        self._images = ImageCache(controller.parental.pictures)
        super().__init__(settings, ascii=ascii)
        self._controller, self._wall, self._rng = controller, wall, rng

    def get_driver_class(self) -> type[Driver]:
        return with_images(super().get_driver_class(), self._images)

    def get_default_screen(self) -> Screen[None]:
        return StoryScreen(self._controller, self._glyphs, self._images)

    def on_mount(self) -> None:
        self._apply_parental_theme()
        self.set_interval(MINUTE_SECONDS, self._apply_parental_theme)

    def _apply_parental_theme(self) -> None:
        """Apply the theme for the time of day."""
        name = (
            parental_policy.theme(self._controller.parental, self._wall()) or self._settings.theme
        )
        if self.theme != name:
            self.apply_theme(name)

    async def action_quit(self) -> None:
        """Show the gate; quit only from the screen of the parental settings."""
        if isinstance(self.screen, ParentalSettingsScreen):
            await super().action_quit()
        elif not isinstance(self.screen, GateScreen):
            parental = self._controller.parental
            gate = GateScreen(parental.code, story_strings(), self._rng, self._glyphs)
            self.push_screen(gate, self._through)

    def action_help_quit(self) -> None:
        """Suppress Textual's hint how to quit."""

    def _through(self, grown_up: bool | None) -> None:
        if grown_up:
            notes = (*self._warnings, *self._controller.troubles)
            self.push_screen(
                ParentalSettingsScreen(self._controller.parental, notes, self._glyphs),
                self._on_parental_settings,
            )

    def _on_parental_settings(self, parental: ParentalSettings | None) -> None:
        if parental is None:
            return
        # options of this run's command line are not the parents' settings
        changes = changed_fields(self._controller.parental, parental)
        saved = replace(self._settings.parental, **changes)
        self._settings = replace(self._settings, parental=saved)
        self.save_settings()
        use_language(config_file.language(self._settings, parental.language))
        self._controller.apply_settings(parental, story_strings())
        self._images.settle(parental.pictures)
        self._apply_parental_theme()

    def close_session(self) -> Coroutine[Any, Any, None]:
        return self._controller.close()
