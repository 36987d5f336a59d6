"""An answer as one line of JSON that every program can read."""

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any


def json_line(value: Mapping[str, Any]) -> str:
    """Times in ISO 8601's form; NaN and infinity, for which JSON has no word, as null; and whatever else it
    does not know as its text."""
    return json.dumps(_plain(value), default=_text, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return value


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
