"""Content-Type and Accept: which format a request has, and which it asks for. No bodies."""

from enum import Enum
from functools import lru_cache

from model.serving.errors import refused


class Format(Enum):
    """A format that the server reads and writes; its value is the media type."""

    JSON = "application/json"
    CSV = "text/csv"


_SUPPORTED = " and ".join(known.value for known in Format)
_SHOWN = 60


@lru_cache(maxsize=64)
def request_format(content_type: str) -> Format:
    """The format that Content-Type names; without one JSON. Raises RequestError 415."""
    if not content_type.strip():
        return Format.JSON
    media, parameters = _parsed(content_type)
    charset = parameters.get("charset", "utf-8").lower()
    for known in Format:
        if media == known.value and charset in ("utf-8", "utf8", "us-ascii"):
            return known
    raise refused(
        "unsupported_media_type",
        f"Content-Type {content_type[:_SHOWN]!a} is not supported. Send {_SUPPORTED} in UTF-8.",
        415,
    )


@lru_cache(maxsize=64)
def answer_format(accept: str, given: Format) -> Format:
    """What Accept likes best, and of equals the request's own format. Raises RequestError 406."""
    if not accept.strip():
        return given
    ranges = [_parsed(part) for part in accept.split(",")]
    likes = {known: _quality(known, ranges) for known in Format}
    best = max(likes, key=lambda known: (likes[known], known is given))
    if likes[best] > 0:
        return best
    raise refused(
        "not_acceptable", f"Accept {accept[:_SHOWN]!a} leaves no format. Ask for {_SUPPORTED}.", 406
    )


def _quality(known: Format, ranges: list[tuple[str, dict[str, str]]]) -> float:
    """RFC 9110, 12.5.1: of the ranges that match, the most specific one counts."""
    family = known.value.split("/")[0] + "/*"
    for wanted in (known.value, family, "*/*"):
        for media, parameters in ranges:
            if media == wanted:
                return _number(parameters.get("q", "1"))
    return 0.0


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _parsed(value: str) -> tuple[str, dict[str, str]]:
    """'text/csv; charset="utf-8"' as ("text/csv", {"charset": "utf-8"}), names in lower case."""
    media, *parameters = value.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return media.strip().lower(), {name.strip().lower(): text.strip().strip('"') for name, _, text in pairs}
