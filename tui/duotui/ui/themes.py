"""Themes from TOML files: those of the package, and the user's own.

A file is one theme and has its name. Its keys are the fields of Textual's Theme; duotui's own
colours are in `[variables]` (docs/themes.md). A bad file is reported, never raised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from duotui.base import resources
from duotui.base.files import reason
from duotui.base.parsing import read_toml
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import one_line
from duotui.settings import config_file

VARIABLES: Mapping[str, str] = {
    "duo-prompt": "#c8922a",
    "duo-board": "#e08a3c",
    "duo-baseline": "#5b9bf0",
    "duo-same": "#4fa89a",
    "duo-rate": "#c8922a",
    "story-page": "#10141c",
    "story-text": "#9aa5b8",
    "story-sentence": "#f4ead8",
    "story-word": "#f0c75e",
    "story-word-text": "#10141c",
    "story-light": "#ffffff",
}
"""Defaults of duotui's own colours."""


def packaged() -> Path:
    """The folder of the packaged themes."""
    return resources.resource_folder("themes")


def own() -> Path:
    """The folder of the user's themes."""
    return config_file.config_dir() / "themes"


def load(folders: Iterable[Path] | None = None) -> tuple[list[Theme], list[str]]:
    """The themes of `folders`, and the failures. A later theme replaces an earlier namesake."""
    themes: dict[str, Theme] = {}
    failures: list[str] = []
    for folder in (packaged(), own()) if folders is None else folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                themes[path.stem] = read(path)
            except OSError as error:
                failures.append(
                    one_line(
                        _("{name} cannot be read: {error}", name=path.name, error=reason(error))
                    )
                )
            except (ValueError, TypeError, ArithmeticError, ColorParseError) as error:
                failures.append(one_line(f"{path.name}: {error}"))
    return list(themes.values()), failures


def read(path: Path) -> Theme:
    """The theme in `path`. Raises OSError, ValueError, TypeError, ArithmeticError or
    ColorParseError."""
    table = read_toml(path)
    kinds = {f.name: f.type for f in fields(Theme)} | {"name": "str"}
    for name, value in table.items():
        if name not in kinds:
            raise ValueError(f"{name}: no such key")
        _check(name, str(kinds[name]), value)
    if "primary" not in table:
        raise ValueError("primary: missing")
    theme = Theme(**{**table, "name": path.stem})
    theme.to_color_system().generate()
    return theme


def _check(name: str, kind: str, value: Any) -> None:  # noqa: ANN401 - any TOML value
    expected: dict[str, type | tuple[type, ...]] = {"bool": bool, "float": (int, float)}
    if name == "variables":
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise ValueError("variables: not a table of texts")
        for key in value.keys() & VARIABLES.keys():
            _colour(f"variables.{key}", value[key])
    elif not isinstance(value, expected.get(kind, str)):
        raise ValueError(f"{name}: {value!r} is not possible")
    elif isinstance(value, str) and name != "name":
        _colour(name, value)


def _colour(name: str, value: str) -> None:
    if value.startswith("$"):
        return
    try:
        Color.parse(value)
    except ColorParseError:
        raise ValueError(f"{name}: {value!r} is not a colour") from None
