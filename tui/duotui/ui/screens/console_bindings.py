"""Key bindings of the console. A binding's id is its name in the table `[keys]` of config.toml."""

from textual.binding import Binding, BindingType

from duotui.base.translation import untranslated as N_
from duotui.ui.bindings import STEP_BINDING

CONSOLE_BINDINGS: list[BindingType] = [
    Binding(
        "i,slash",
        "prompt",
        N_("Prompt"),
        id="prompt",
        priority=True,
        tooltip=N_("Type how the story begins"),
    ),
    Binding("enter", "tell", N_("Tell"), id="tell", tooltip=N_("Tell the story of this prompt")),
    Binding("space", "pause", N_("Pause"), id="pause", tooltip=N_("Pause the story, or go on")),
    Binding("s", "stop", N_("Stop"), id="stop", tooltip=N_("Stop the story")),
    Binding(
        "r",
        "again",
        N_("Again"),
        id="again",
        tooltip=N_("The same story again; after a loss, connect first"),
    ),
    Binding(
        "n",
        "another",
        N_("New"),
        id="another",
        tooltip=N_("Another story of the same prompt: a new seed"),
    ),
    Binding(
        "o",
        "settings",
        N_("Settings"),
        id="settings",
        tooltip=N_("Temperature, top-p, seed, steps and mode"),
    ),
    Binding(
        "d",
        "baseline",
        N_("Baseline"),
        show=False,
        id="baseline",
        tooltip=N_("Show or hide the baseline beside the story"),
    ),
    Binding(
        "v",
        "speak",
        N_("Speak"),
        show=False,
        id="speak",
        tooltip=N_("Say the story aloud on the board's loudspeaker, or be quiet"),
    ),
    STEP_BINDING,
    Binding(
        "y",
        "copy_story",
        N_("Copy"),
        show=False,
        id="copy",
        tooltip=N_("Copy what is selected, or the story"),
    ),
    Binding(
        "w",
        "save",
        N_("Save story"),
        show=False,
        id="save",
        tooltip=N_("Write the story to a text file"),
    ),
    Binding(
        "R,ctrl+r",
        "record",
        N_("Record"),
        show=False,
        id="record",
        tooltip=N_("Record everything that happens, or end the recording"),
    ),
]
