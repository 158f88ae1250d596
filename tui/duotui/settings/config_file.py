"""The user's settings: one TOML file, read once; a bad file is no error.

An invalid value becomes a warning, and the default stands. Screens write their changes back. The
rest of the file stays, comments and order included.
"""

import json
import locale
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from platformdirs import user_config_path, user_data_path

from duotui.base.errors import UsageError
from duotui.base.files import atomic_write, read_bytes, reason
from duotui.base.parsing import TOML_LIMIT, parse_toml, read_toml
from duotui.base.translation import AUTOMATIC, LANGUAGES, environment_language, lazy_gettext
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import one_line
from duotui.protocol import limits
from duotui.protocol.request import Mode, Request
from duotui.settings.parental_settings import PARENTAL_SCHEMA, ParentalSettings
from duotui.settings.setting import (
    Schema,
    Setting,
    TomlValue,
    any_text,
    decimal_number,
    one_of,
    read_table,
    whole_number,
)

CONFIG_VARIABLE, DATA_VARIABLE = "DUOTUI_CONFIG", "DUOTUI_DATA"
"""Environment variables that name the file of settings, and the folder of diary and favourites."""

DEFAULT_THEME = "duo-dark"
ASCII_CHOICES = ("auto", "on", "off")
LANGUAGE_CHOICES = (AUTOMATIC, *LANGUAGES)


@dataclass(frozen=True, slots=True)
class Settings:
    language: str = AUTOMATIC
    """Language of messages and screens; `auto` is that of the environment."""

    theme: str = DEFAULT_THEME
    """The name of a theme file without its `.toml`, or of a theme that Textual brings."""

    ascii: str = "auto"
    """`on` draws with ASCII alone, `off` never does. `auto` does on the Linux console and if the
    locale is not UTF-8."""

    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Other keys for a command: its name (docs/console.md) and the keys, separated by commas."""

    story: Request = field(default_factory=Request)
    """Request by default; the table `[story]` has its fields."""

    parental: ParentalSettings = field(default_factory=ParentalSettings)
    """Parental settings (docs/parents.md)."""

    path: Path = field(default_factory=lambda: config_file())
    """File that the settings are read from and written to."""

    warnings: tuple[str, ...] = ()
    """Values of the file that are not usable, a line each."""


def _prompt(text: str) -> str:
    return Request(text).checked().prompt


STORY_SCHEMA = Schema(
    "story",
    Request(),
    {
        "prompt": Setting(lazy_gettext("a text"), _prompt, keeps_blanks=True),
        "mode": replace(one_of(*Mode), parse=Mode, dump=str),
        "steps": whole_number(0, limits.MAX_STEPS),
        "temperature": decimal_number(0, limits.MAX_TEMPERATURE),
        "top_p": decimal_number(0, limits.MAX_TOP_P),
        "seed": whole_number(0, limits.MAX_SEED),
    },
)
assert STORY_SCHEMA.settings.keys() == {f.name for f in fields(Request)}

TOP_SETTINGS = {
    "language": one_of(*LANGUAGE_CHOICES),
    "theme": any_text(keeps_blanks=True),
    "ascii": one_of(*ASCII_CHOICES),
}
"""The settings outside any table of the file."""


def _keys(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text


_KEYS = Setting(lazy_gettext("a key, or several, separated by commas"), _keys, keeps_blanks=True)
"""The setting of each command in the table `[keys]`."""

TABLES = ("keys", "story", "child")
"""The tables of the file."""


def config_dir() -> Path:
    return user_config_path("duotui")


def config_file() -> Path:
    """Return `DUOTUI_CONFIG`, or config.toml in the user's configuration folder."""
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else config_dir() / "config.toml"


def data_dir() -> Path:
    """Return `DUOTUI_DATA`, or the user's data folder, for the diary and the favourites."""
    named = os.environ.get(DATA_VARIABLE)
    return Path(named).absolute() if named else user_data_path("duotui")


def ascii_only_terminal() -> bool:
    """Return True if the terminal can show ASCII alone. Windows's console shows Unicode with any
    code page."""
    if sys.platform == "win32":
        return False
    return os.environ.get("TERM") == "linux" or "utf" not in locale.getencoding().lower()


def language(settings: Settings, wanted: str = "") -> str:
    """Return the code of the language `wanted`, or else of the settings, or of the environment.

    A terminal of ASCII alone cannot show Chinese: there it must be asked for."""
    for code in (wanted, settings.language):
        if code not in ("", AUTOMATIC):
            return code
    return "en" if ascii_only_terminal() else environment_language(os.environ)


def load(path: Path | None = None) -> Settings:
    """Return the settings of `path`, or the defaults if there is no such file."""
    path = path or config_file()
    try:
        table = read_toml(path)
    except FileNotFoundError:
        return Settings(path=path)
    except OSError as error:
        return Settings(
            path=path,
            warnings=(_("{name} cannot be read: {error}", name=path.name, error=reason(error)),),
        )
    except ValueError as error:
        return Settings(path=path, warnings=(f"{path.name}: {one_line(str(error))}",))
    return _from_toml(path, table)


def _from_toml(path: Path, table: Mapping[str, Any]) -> Settings:
    """Return the settings of a whole file, with a warning for each invalid value."""
    top = {name: value for name, value in table.items() if name not in TABLES}
    display, top_warnings = read_table("", top, TOP_SETTINGS.get, (*TOP_SETTINGS, *TABLES))
    keys, key_warnings = read_table("keys", table.get("keys", {}), lambda _: _KEYS)
    story, story_warnings = STORY_SCHEMA.from_toml(table.get("story", {}))
    child, child_warnings = PARENTAL_SCHEMA.from_toml(table.get("child", {}))
    return Settings(
        **display,
        keys=MappingProxyType(keys),
        story=story,
        parental=child,
        path=path,
        warnings=(*top_warnings, *key_warnings, *story_warnings, *child_warnings),
    )


# Writing back

Changes = Mapping[str, Mapping[str, TomlValue]]
"""The settings to write, by table of the file; "" is the top of the file."""


def save(settings: Settings) -> None:
    """Write the theme, the story and the parental settings into the file, if they differ from it.

    Raises UsageError if that fails; the file then stays as it was.
    """
    from tomlkit.exceptions import TOMLKitError

    path = settings.path
    try:
        old = _text_of(path)
        text = old.removeprefix(_BYTE_ORDER_MARK)
        table = parse_toml(text)
        changes = _changes(_from_toml(path, table), settings)
        wanted = _canonical(_changed(table, changes))
        new = _edited(text, changes)
        if _canonical(parse_toml(new)) != wanted:
            raise ValueError(_("the rest of the file would change"))
        if new != text:
            atomic_write(path, (old[: len(old) - len(text)] + new).encode())
    except OSError as error:
        raise UsageError(
            _("the settings were not saved to {path}", path=path), reason(error)
        ) from error
    except (ValueError, RecursionError, TOMLKitError) as error:
        raise UsageError(
            _("the settings were not saved to {path}", path=path), str(error)
        ) from error


_BYTE_ORDER_MARK = "\ufeff"


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path, TOML_LIMIT).decode()
    except FileNotFoundError:
        return ""


def _changes(before: Settings, after: Settings) -> Changes:
    return {
        "": {} if before.theme == after.theme else {"theme": after.theme},
        "story": STORY_SCHEMA.to_toml(after.story, unlike=before.story),
        "child": PARENTAL_SCHEMA.to_toml(after.parental, unlike=before.parental),
    }


def _changed(table: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """Put the changes into the file's table, and return it. Raises ValueError if one of them would
    replace a table."""
    for name, values in changes.items():
        target = table.setdefault(name, {}) if name and values else table
        if not isinstance(target, dict):
            raise ValueError(_("{name} is not a table", name=name))
        if any(isinstance(target.get(key), dict | list) for key in values):
            raise ValueError(_("a setting of [{name}] is a table", name=name))
        target.update(values)
    return table


def _edited(text: str, changes: Changes) -> str:
    """Return the text of the file with the changes in it, comments and order kept.

    Raises TOMLKitError if tomlkit cannot read it.
    """
    import tomlkit  # imported here, because only a changed setting needs it

    if text and not text.endswith("\n"):  # tomlkit would append to the line of a dotted key
        text += "\n"
    document = tomlkit.parse(text)
    for name, values in changes.items():
        if name and values and name not in document:
            document.add(name, tomlkit.table())
        for key, value in values.items():
            (document[name] if name else document)[key] = value
    return tomlkit.dumps(document)


def _canonical(table: Mapping[str, Any]) -> str:
    """Return a text that is equal for equal values in any order; nan equals nan here."""
    return json.dumps(table, sort_keys=True, default=repr)
