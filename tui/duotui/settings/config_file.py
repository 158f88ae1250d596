"""What the user has settled: one TOML file, read once, never a reason to fail.

Whatever is wrong in the file becomes a warning and the default stands. The file and the
settings screen ask the same `check`, and that asks the Request.
"""

import locale
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from platformdirs import user_config_path, user_data_path

from duotui.base.errors import UsageError
from duotui.base.files import atomic_write
from duotui.protocol.request import Mode, Request
from duotui.settings import parental_settings
from duotui.settings.parental_settings import ParentalSettings

DEFAULT_THEME = "duo-dark"
ASCII_CHOICES = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    theme: str = DEFAULT_THEME
    """The name of a theme file without its `.toml`, or of a theme that Textual brings."""

    ascii: str = "auto"
    """`on` draws with ASCII alone, `off` never does; `auto` does where it must: on the Linux
    console and where the locale is not UTF-8."""

    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Other keys for a command: its name (docs/console.md) and the keys, separated by commas."""

    story: Request = field(default_factory=Request)
    """What is asked for when nothing else is said; the fields of a Request."""

    parental: ParentalSettings = field(default_factory=ParentalSettings)
    """What parents settle for the storyteller (docs/parents.md)."""

    path: Path = field(default_factory=lambda: config_file())
    """The file that these came from and are written to."""

    warnings: tuple[str, ...] = ()
    """What the file has that could not be used, a line each."""


def config_dir() -> Path:
    return user_config_path("duotui")


def config_file() -> Path:
    """`DUOTUI_CONFIG`, or config.toml in the user's configuration folder."""
    named = os.environ.get("DUOTUI_CONFIG")
    return Path(named) if named else config_dir() / "config.toml"


def data_dir() -> Path:
    """`DUOTUI_DATA`, or the user's data folder: where the diary and the favourites are."""
    named = os.environ.get("DUOTUI_DATA")
    return Path(named) if named else user_data_path("duotui")


def load(path: Path | None = None) -> Settings:
    """The settings of `path`; a missing file is an empty one."""
    path = path or config_file()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        repr(table)  # a warning names what is wrong: a number too long to print is wrong at once
    except FileNotFoundError:
        return Settings(path=path)
    except (OSError, ValueError, RecursionError) as error:
        return Settings(path=path, warnings=(f"{path.name}: {error}",))
    return _apply(Settings(path=path), table)


def _apply(settings: Settings, table: Mapping[str, Any]) -> Settings:
    warnings: list[str] = []
    for name, value in table.items():
        match name, value:
            case "theme", str():
                settings = replace(settings, theme=value)
            case "ascii", str() if value in ASCII_CHOICES:
                settings = replace(settings, ascii=value)
            case "keys", dict():
                keys = {k: v for k, v in value.items() if isinstance(v, str) and v.strip()}
                warnings += [f"keys.{k}: not a key" for k in value if k not in keys]
                settings = replace(settings, keys=MappingProxyType(keys))
            case "story", dict():
                story, wrong = _story(value)
                settings = replace(settings, story=story)
                warnings += wrong
            case "child", dict():
                child, wrong = parental_settings.from_table(value)
                settings = replace(settings, parental=child)
                warnings += wrong
            case (("theme" | "ascii" | "keys" | "story" | "child"), _):
                warnings.append(f"{name}: {value!r} is not possible")
            case _:
                warnings.append(f"{name}: no such setting")
    return replace(settings, warnings=tuple(warnings))


def _story(table: Mapping[str, Any]) -> tuple[Request, list[str]]:
    story, warnings = Request(), []
    for name, value in table.items():
        if name not in _STORY_KINDS:
            warnings.append(f"story.{name}: no such setting")
            continue
        if isinstance(value, str) != (name in ("prompt", "mode")) or isinstance(value, bool):
            warnings.append(f"story.{name}: {value!r} is not {_STORY_KINDS[name][1]}")
            continue
        try:
            story = replace(story, **{name: check(name, str(value))})
        except UsageError as error:
            warnings.append(f"story.{name}: {error.message}")
    return story, warnings


# The limits of a request

_STORY_KINDS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "prompt": (str, "a text"),
    "mode": (Mode, "one of " + ", ".join(Mode)),
    "steps": (int, "a whole number"),
    "temperature": (float, "a number"),
    "top_p": (float, "a number"),
    "seed": (int, "a whole number"),
}
assert _STORY_KINDS.keys() == {f.name for f in fields(Request)}


def check(name: str, text: str) -> Any:  # noqa: ANN401 - as many types as a Request has fields
    """The value of a request's field. Raises UsageError, whose message says what is wrong."""
    kind, called = _STORY_KINDS[name]
    try:
        value = kind(text)
    except ValueError:
        raise UsageError(f"{text.strip()!r} is not {called}") from None
    replace(Request(), **{name: value}).checked()
    return value


def ascii_only_terminal() -> bool:
    """Whether this terminal can be trusted with ASCII alone. Windows's console shows Unicode
    whatever the locale's code page is."""
    if sys.platform == "win32":
        return False
    return os.environ.get("TERM") == "linux" or "utf" not in locale.getencoding().lower()


# Writing back


def save(settings: Settings) -> bool:
    """Write theme, story, and what was changed for the child into the file; whatever else is in it
    stays, comments included.

    False where that cannot be done: settings are a comfort, losing them is not an error.
    """
    story, child, path = settings.story, settings.parental, settings.path
    try:
        old = path.read_text("utf-8") if path.exists() else ""
        before, _ = parental_settings.from_table(tomllib.loads(old).get("child", {}))
        wanted: dict[str, dict[str, object]] = {
            "": {"theme": settings.theme},
            "story": {f.name: getattr(story, f.name) for f in fields(story)},
            "child": {
                name: value
                for name, value in parental_settings.to_table(child).items()
                if getattr(child, name) != getattr(before, name)
            },
        }
        text = _edit(old, wanted)
        # An edit by line is blind to multi-line strings: what it made must read as what it means.
        table = tomllib.loads(text)
        if table.get("theme") != settings.theme or _story(table["story"]) != (story, []):
            return False
        if parental_settings.from_table(table.get("child", {}))[0] != child:
            return False
        atomic_write(path, text.encode())
    except (OSError, ValueError, KeyError, AttributeError, RecursionError):
        return False
    return True


def _toml(value: object) -> str:
    if not isinstance(value, str):
        return repr(value).lower()
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(plain.get(c, c if c.isprintable() else _escape(c)) for c in value) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _edit(text: str, wanted: Mapping[str, Mapping[str, object]]) -> str:
    """`text` with the `wanted` values set; each in its place, new ones at their table's end."""
    tables: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        head = line.split("#")[0].strip()
        if head.startswith("[") and head.endswith("]"):
            tables.append((head.strip("[] "), [line]))
        else:
            tables[-1][1].append(line)
    for table, values in wanted.items():
        if not values:
            continue
        lines = next((lines for name, lines in tables if name == table), None)
        if lines is None:
            lines = ["", f"[{table}]"]
            tables.append((table, lines))
        for name, value in values.items():
            set_to = f"{name} = {_toml(value)}"
            at = next((i for i, old in enumerate(lines) if old.split("=")[0].strip() == name), None)
            if at is None:
                lines.insert(_end(lines), set_to)
            else:
                lines[at] = set_to + _comment(lines[at])
    return "\n".join(line for _, lines in tables for line in lines) + "\n"


_LINE = re.compile(r"""[^=]*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'#]*?)(\s*#.*)?""")


def _comment(line: str) -> str:
    """What stands behind a setting, with the blanks before it."""
    found = _LINE.fullmatch(line.rstrip())
    return (found[1] or "") if found else ""


def _end(lines: list[str]) -> int:
    """Behind the last line of a table that says something."""
    return max((i + 1 for i, line in enumerate(lines) if line.strip()), default=0)
