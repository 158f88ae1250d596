"""Where the files are that come with the program: models, themes, the engine's sources.

In a checkout they lie in its top-level folders; in an installed wheel, inside the package.
"""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_CHECKOUT = PACKAGE.parent.parent


def resource_folder(name: str) -> Path:
    """The folder `themes`, `native` or `firmware`."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else _CHECKOUT / name


MODEL = PACKAGE / "data" / "stories.duo"
"""The default model, packed for every mode, with its tokenizer in it."""

CHECKPOINT = PACKAGE / "data" / "stories.bin"
TOKENIZER = PACKAGE / "data" / "tokenizer.bin"
"""What MODEL was packed of (`make ship-model`): in a checkout, not in a wheel."""

BOARD = PACKAGE / "data" / "board" / "duollama"
"""The engine for the Duo, static; beside it duollama.json: its SHA-256 and its recipe."""

SPEAKER = BOARD.with_name("duospeak")
"""The Duo's voice, likewise."""
