"""JSON for other programs: without NaN, and on stdout in ASCII, which any encoding has."""

import json
import math
from typing import Any


def json_text(value: object, *, ascii_only: bool = True) -> str:
    """Return `value` as indented JSON. A number that is not finite becomes null."""
    text = json.dumps(_finite(value), indent=2, allow_nan=False, ensure_ascii=ascii_only)
    return f"{text}\n"


def _finite(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
