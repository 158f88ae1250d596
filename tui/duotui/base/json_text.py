"""JSON for stdout: ASCII, so that any encoding has its characters, and without NaN."""

import json
import math
from typing import Any


def json_text(value: object) -> str:
    """Return `value` as indented JSON. A number that is not finite becomes null."""
    return json.dumps(_finite(value), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
