"""JSON and TOML from files and lines that may hold anything.

The parsers of Python also raise RecursionError, for a value that is nested too deeply.
"""

import json
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from duotui.base.files import read_text
from duotui.base.translation import gettext as _

TOML_LIMIT = 1 << 20
"""Bytes of a TOML file, at most."""


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of `text`. Raises ValueError, also for NaN and infinities."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError(_("it is nested too deeply")) from error


def parse_toml(text: str) -> dict[str, Any]:
    """Return the table of `text`. Raises ValueError, also for a value that cannot be printed."""
    try:
        table = tomllib.loads(text)
        repr(table)  # a message may print a value: a number too long to print must fail here
    except RecursionError as error:
        raise ValueError(_("it is nested too deeply")) from error
    return table


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table of a file. Raises OSError or ValueError."""
    return parse_toml(read_text(path, TOML_LIMIT))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(_("{constant} is no number of JSON", constant=constant))
