"""The settings in effect, and where each comes from: default, file, environment or command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from duotui.base import cache
from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.log import without_secrets
from duotui.base.parsing import read_toml
from duotui.base.translation import AUTOMATIC, ENVIRONMENT
from duotui.settings import config_file
from duotui.settings.config_file import (
    CONFIG_VARIABLE,
    DATA_VARIABLE,
    STORY_SCHEMA,
    TOP_SETTINGS,
    Settings,
)
from duotui.settings.environment_variables import ENVIRONMENT_VARIABLES
from duotui.settings.parental_settings import PARENTAL_SCHEMA
from duotui.settings.setting import Schema, Setting, read_table

HIDDEN = ("child.code",)
"""Settings whose value is not shown: others may see the screen."""


class Origin(StrEnum):
    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class SettingInEffect:
    """A setting by its name in the file. `detail` names the variable of the environment."""

    name: str
    value: str
    origin: Origin
    detail: str = ""


def settings_in_effect(
    settings: Settings, given: Mapping[str, str], environment: Mapping[str, str]
) -> list[SettingInEffect]:
    """Return every setting. `given` are the texts of those that the command line names."""
    table = _table(settings.path)
    top, _ = read_table("", {n: v for n, v in table.items() if n in TOP_SETTINGS}, TOP_SETTINGS.get)
    rows = [
        _in_effect(name, setting, getattr(settings, name), name in top)
        for name, setting in TOP_SETTINGS.items()
    ]
    rows += [
        SettingInEffect(f"keys.{name}", keys, Origin.FILE) for name, keys in settings.keys.items()
    ]
    rows += _of_table(STORY_SCHEMA, settings.story, table)
    rows += _of_table(PARENTAL_SCHEMA, settings.parental, table)
    replaced = [
        SettingInEffect(row.name, given[row.name], Origin.COMMAND_LINE)
        if row.name in given
        else row
        for row in rows
    ]
    return [_resolved(row, settings, environment) for row in replaced]


def folders_in_effect(environment: Mapping[str, str]) -> list[SettingInEffect]:
    """Return the files and folders that the program uses."""
    rows = (
        ("config.toml", config_file.config_file(), (CONFIG_VARIABLE, "XDG_CONFIG_HOME")),
        ("data", config_file.data_dir(), (DATA_VARIABLE, "XDG_DATA_HOME")),
        ("cache", cache.cache_folder(), ("XDG_CACHE_HOME",)),
    )
    return [
        SettingInEffect(name, str(path), *_variable_of(variables, environment))
        for name, path, variables in rows
    ]


def variables_in_effect(environment: Mapping[str, str]) -> list[SettingInEffect]:
    """Return the variables that are set and stand for no setting. No password is among them."""
    return [
        SettingInEffect(
            name,
            "***" if name == PASSWORD_VARIABLE else without_secrets(environment[name]),
            Origin.ENVIRONMENT,
        )
        for name in ENVIRONMENT_VARIABLES
        if environment.get(name) and name not in (CONFIG_VARIABLE, DATA_VARIABLE)
    ]


def _variable_of(variables: tuple[str, ...], environment: Mapping[str, str]) -> tuple[Origin, str]:
    name = next((name for name in variables if environment.get(name)), "")
    return (Origin.ENVIRONMENT, name) if name else (Origin.DEFAULT, "")


def _table(path: Path) -> Mapping[str, Any]:
    try:
        return read_toml(path)
    except (OSError, ValueError):  # its warning is in Settings.warnings
        return {}


def _of_table(
    schema: Schema[Any], record: object, table: Mapping[str, Any]
) -> list[SettingInEffect]:
    values, _ = read_table(schema.table, table.get(schema.table, {}), schema.settings.get)
    return [
        _in_effect(f"{schema.table}.{name}", setting, getattr(record, name), name in values)
        for name, setting in schema.settings.items()
    ]


def _in_effect(name: str, setting: Setting, value: object, is_in_file: bool) -> SettingInEffect:
    text = setting.to_text(value)
    shown = "*" * len(text) if name in HIDDEN else text
    return SettingInEffect(name, shown, Origin.FILE if is_in_file else Origin.DEFAULT)


def _resolved(
    row: SettingInEffect, settings: Settings, environment: Mapping[str, str]
) -> SettingInEffect:
    """Return what `auto` means here, for the settings that the environment decides."""
    if row.value != AUTOMATIC or row.name not in ("language", "ascii"):
        return row
    variables: tuple[str, ...] = ENVIRONMENT
    if row.name == "language":
        value = config_file.language(settings)
    else:
        value = "on" if config_file.ascii_only_terminal() else "off"
        is_console = environment.get("TERM") == "linux"
        variables = ("TERM",) if is_console else ("LC_ALL", "LC_CTYPE", "LANG")
    _, names = _variable_of(variables, environment)
    return SettingInEffect(row.name, f"{AUTOMATIC}: {value}", Origin.ENVIRONMENT, names)
