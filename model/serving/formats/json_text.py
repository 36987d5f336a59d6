"""A JSON text into Python's values, within limits. It knows no rows.

Python's parser accepts NaN, and forgets that a key was given twice; both are marked here (`NotJson`,
`Repeated`).
"""

import json
import re
from collections import Counter
from typing import Any

from model.serving.errors import refused
from model.serving.formats.limits import MAX_CONTAINERS, MAX_VALUES
from model.serving.formats.values import NotJson

_LONGEST_INTEGER = 30
"""Digits. Beyond them Python's exact integers only cost time: float32 ends at 39."""


BOM = b"\xef\xbb\xbf"
"""A byte order mark, which Windows' tools write before a text; RFC 8259 (8.1) lets a reader skip it."""


def is_marked(body: bytes) -> bool:
    """Whether `body` begins with one byte order mark."""
    return body.startswith(BOM) and not body.startswith(BOM + BOM)


_TEXT_OR_NAN = re.compile(rb'("(?:[^"\\]|\\.)*+"?)|\bNaN\b', re.DOTALL)


def with_null(body: bytes) -> bytes:
    """`body` with null for NaN, which MLflow's and others' clients write for a missing value; texts stay."""
    if b"NaN" not in body:
        return body
    if b"\\" in body or any(b"NaN" in text for text in body.split(b'"')[1::2]):
        return _TEXT_OR_NAN.sub(lambda found: found[1] or b"null", body)
    return body.replace(b"NaN", b"null")


class Repeated(dict[str, Any]):
    """An object with a key given twice: JSON leaves open which value counts."""

    key: str


def check_amount(body: bytes) -> None:
    """Refuses a body with more containers or values than Python should hold. Raises RequestError 400."""
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise refused("too_many_values", f"The body holds more than {MAX_CONTAINERS} objects and lists.")
    if body.count(b",") > MAX_VALUES:
        raise refused("too_many_values", f"The body holds more than {MAX_VALUES} values.")


def parse(text: bytes, what: str = "The body") -> Any:
    """The value in `text`: NotJson for NaN and infinities, Repeated for an object with a key given twice.

    Raises RequestError 400 that says where `what` is wrong.
    """
    try:
        return json.loads(
            text.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=NotJson,
        )
    except UnicodeDecodeError as error:
        raise refused("invalid_json", f"{what} is not UTF-8: byte {error.start} is wrong.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise refused("invalid_json", f"{what} is not JSON: {error.msg} at {where}.") from error
    except RecursionError as error:
        raise refused("invalid_json", f"{what} is nested too deeply.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    counts = Counter(key for key, _ in pairs)
    twice = Repeated(plain)
    twice.key = next(key for key, count in counts.items() if count > 1)
    return twice


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)
