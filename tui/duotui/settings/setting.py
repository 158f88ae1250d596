"""The schema of settings: how each is read from text and TOML, and written. Pure.

The file, the screens and the command line read a value by the same `Setting.check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from duotui.base.errors import UsageError
from duotui.base.nearest import hint_for
from duotui.base.numbers import parse_decimal_number, parse_whole_number
from duotui.base.translation import LazyText, lazy_gettext
from duotui.base.translation import gettext as _

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TomlValue = str | int | float | bool
Record = TypeVar("Record", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: its parser, its writer and its description."""

    expected: LazyText
    """Description of its values for a warning: "a whole number from 0 to 100"."""

    parse: Callable[[str], Any]
    """Return the value of a text. Raises ValueError, or UsageError with a message of its own."""

    dump: Callable[[Any], TomlValue] = lambda value: value
    """Return the value as a TOML type."""

    toml_types: tuple[type, ...] = (str,)
    """Types accepted from TOML; bool is no int here."""

    choices: tuple[str, ...] = ()
    """All its values, if they are a few words; the command line offers them."""

    keeps_blanks: bool = False
    """True if blanks at the ends of a text belong to the value."""

    def check(self, text: str) -> Any:  # noqa: ANN401 - as many types as there are settings
        """Return the value of a text. Raises UsageError with the reason."""
        try:
            return self.parse(text if self.keeps_blanks else text.strip())
        except ValueError:
            raise UsageError(
                _("{value!r} is not {expected}", value=text.strip()[:100], expected=self.expected)
            ) from None

    def from_toml(self, value: object) -> Any:  # noqa: ANN401
        """Return the value of the TOML value `value`. Raises UsageError."""
        if type(value) not in self.toml_types:
            raise UsageError(_("{value!r} is not {expected}", value=value, expected=self.expected))
        return self.check(_text(value))

    def to_text(self, value: Any) -> str:  # noqa: ANN401
        """Return the text that `check` reads as `value`."""
        return _text(self.dump(value))


@dataclass(frozen=True, slots=True)
class Schema(Generic[Record]):
    """The settings of one TOML table, by the dataclass fields that they fill."""

    table: str
    default: Record
    settings: Mapping[str, Setting]

    def from_toml(self, value: object) -> tuple[Record, list[str]]:
        """Return the record of a TOML table, and a warning for each invalid value."""
        values, warnings = read_table(self.table, value, self.settings.get, self.settings)
        return replace(self.default, **values), warnings

    def to_toml(self, record: Record, *, unlike: Record | None = None) -> dict[str, TomlValue]:
        """Return `record` as a TOML table; with `unlike`, only the fields that differ from its."""
        return {
            name: setting.dump(getattr(record, name))
            for name, setting in self.settings.items()
            if unlike is None or getattr(record, name) != getattr(unlike, name)
        }


def read_table(
    table: str,
    value: object,
    setting_of: Callable[[str], Setting | None],
    known: Iterable[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a TOML table by name, and a warning for each invalid value.

    The table at the top of a file is named "". `setting_of` returns None for an unknown name, for
    which the nearest one of `known` is proposed.
    """
    if not isinstance(value, Mapping):
        return {}, [_("{table}: {value!r} is not a table", table=table, value=value)]
    values, warnings = {}, []
    for name, each in value.items():
        full_name = f"{table}.{name}".lstrip(".")
        try:
            setting = setting_of(name)
            if setting is None:
                raise UsageError(_("no such setting"), hint_for(name, known, ""))
            values[name] = setting.from_toml(each)
        except UsageError as error:
            warnings.append(f"{full_name}: {error}")
        except (ValueError, RecursionError):  # a number or a list that Python will not print
            warnings.append(_("{name}: what is there is not possible", name=full_name))
    return values, warnings


# Kinds of settings


def any_text(*, keeps_blanks: bool = False) -> Setting:
    return Setting(lazy_gettext("a text"), str, keeps_blanks=keeps_blanks)


def one_of(*choices: str, expected: LazyText | None = None) -> Setting:
    return Setting(
        expected or lazy_gettext("one of {choices}", choices=", ".join(choices)),
        lambda text: choices[choices.index(text)],
        choices=choices,
    )


def whole_number(low: int, high: int) -> Setting:
    """Return the setting of a whole number from `low` to `high`, both included."""
    expected = lazy_gettext("a whole number from {low} to {high}", low=low, high=high)
    return Setting(expected, lambda text: parse_whole_number(text, low, high), toml_types=(int,))


def decimal_number(low: float, high: float) -> Setting:
    """Return the setting of a number from `low` to `high`, both included."""
    expected = lazy_gettext("a number from {low:g} to {high:g}", low=low, high=high)
    return Setting(
        expected, lambda text: parse_decimal_number(text, low, high), toml_types=(int, float)
    )


def switch() -> Setting:
    return Setting(
        lazy_gettext("true or false"),
        lambda text: bool(("false", "true").index(text)),
        toml_types=(bool,),
    )


def matched(pattern: str, text: str) -> re.Match[str]:
    """Return the match of all of `text`. Raises ValueError if there is none."""
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        raise ValueError(text)
    return match


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def changed_fields(before: Any, after: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """The fields of the dataclass `after` that differ from those of `before`."""
    names = (field.name for field in fields(after))
    return {n: getattr(after, n) for n in names if getattr(after, n) != getattr(before, n)}
