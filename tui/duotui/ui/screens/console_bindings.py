"""Key bindings of the console. A binding's id is its name in the table `[keys]` of config.toml."""

from textual.binding import Binding, BindingType

from duotui.ui.bindings import STEP_BINDING

CONSOLE_BINDINGS: list[BindingType] = [
    Binding(
        "i,slash",
        "prompt",
        "Prompt",
        id="prompt",
        priority=True,
        tooltip="Type how the story begins",
    ),
    Binding("enter", "tell", "Tell", id="tell", tooltip="Tell the story of this prompt"),
    Binding("space", "pause", "Pause", id="pause", tooltip="Pause the story, or go on"),
    Binding("s", "stop", "Stop", id="stop", tooltip="Stop the story"),
    Binding(
        "r",
        "again",
        "Again",
        id="again",
        tooltip="The same story again; after a loss, connect first",
    ),
    Binding(
        "n",
        "another",
        "New",
        id="another",
        tooltip="Another story of the same prompt: a new seed",
    ),
    Binding(
        "o",
        "settings",
        "Settings",
        id="settings",
        tooltip="Temperature, top-p, seed, steps and mode",
    ),
    Binding(
        "d",
        "baseline",
        "Baseline",
        show=False,
        id="baseline",
        tooltip="Show or hide the baseline beside the story",
    ),
    Binding(
        "v",
        "speak",
        "Speak",
        show=False,
        id="speak",
        tooltip="Say the story aloud on the board's loudspeaker, or be quiet",
    ),
    STEP_BINDING,
    Binding(
        "y",
        "copy_story",
        "Copy",
        show=False,
        id="copy",
        tooltip="Copy what is selected, or the story",
    ),
    Binding(
        "w",
        "save",
        "Save story",
        show=False,
        id="save",
        tooltip="Write the story to a text file",
    ),
    Binding(
        "R,ctrl+r",
        "record",
        "Record",
        show=False,
        id="record",
        tooltip="Record everything that happens, or end the recording",
    ),
]
