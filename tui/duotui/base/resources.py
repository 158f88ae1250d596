"""Files that come with the program: models, themes, the engine's sources.

A checkout has them in its top-level folders; an installed wheel, inside the package.
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
"""Sources of MODEL (`make ship-model`): part of a checkout, not of a wheel."""

BOARD = PACKAGE / "data" / "board" / "duollama"
"""The static engine for the Duo; duollama.json beside it has its SHA-256 and its recipe."""

SPEAKER = BOARD.with_name("duospeak")
"""The Duo's text-to-speech program, also static; duospeak.json is its record."""
