"""Content-Type and Accept: which format a request has, and which it asks for. No bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from model.serving.errors import refused


class Format(Enum):
    """A format that the server reads and writes; its value is the media type it is best known by."""

    JSON = "application/json"
    CSV = "text/csv"
    JSON_LINES = "application/jsonlines"
    NPY = "application/x-npy"
    PARQUET = "application/vnd.apache.parquet"
    ARROW_STREAM = "application/vnd.apache.arrow.stream"
    ARROW_FILE = "application/vnd.apache.arrow.file"


@dataclass(frozen=True, eq=False)
class Media:
    """A format, by the one of its names that the caller used. There is one of each.

    `header` is for CSV: whether the first line names the features, None where nobody says.
    """

    name: str
    format: Format
    header: bool | None = None


_ALIASES = {
    "application/jsonl": Format.JSON_LINES,
    "application/x-jsonlines": Format.JSON_LINES,
    "application/ndjson": Format.JSON_LINES,
    "application/x-ndjson": Format.JSON_LINES,
    "application/csv": Format.CSV,
    "application/x-parquet": Format.PARQUET,
}
_NAMES = {known.value: known for known in Format} | _ALIASES
_MEDIA = {name: Media(name, known) for name, known in _NAMES.items()}
_HEADERS = {"present": True, "absent": False}
"""What RFC 4180 lets a sender say of a first line: `text/csv; header=absent`."""
_CSV = {
    (name, told): Media(name, known, header)
    for name, known in _NAMES.items()
    for told, header in _HEADERS.items()
    if known is Format.CSV
}
READ = (*_MEDIA.values(), *_CSV.values())
"""Every media type that is read."""
_TEXTS = (Format.JSON, Format.JSON_LINES, Format.CSV)
_COMPRESSED = (Format.PARQUET, Format.ARROW_STREAM, Format.ARROW_FILE)
_SUPPORTED = ", ".join(known.value for known in Format)
_SHOWN = 60


@lru_cache(maxsize=64)
def request_format(content_type: str) -> Media:
    """The format that Content-Type names; without one JSON. Raises RequestError 415."""
    if not content_type.strip():
        return _MEDIA[Format.JSON.value]
    name, parameters = _parsed(content_type)
    charset = parameters.get("charset", "utf-8").lower()
    media = _MEDIA.get(name)
    if media and (media.format not in _TEXTS or charset in ("utf-8", "utf8", "us-ascii")):
        return _with_parameters(media, parameters) if media.format is Format.CSV else media
    raise refused(
        "unsupported_media_type",
        f"Content-Type {content_type[:_SHOWN]!a} is not supported. Send one of {_SUPPORTED}; text in UTF-8.",
        415,
    )


def _with_parameters(media: Media, parameters: Mapping[str, str]) -> Media:
    """The CSV that its parameters ask for: `header`, and `label_size`, which SageMaker's algorithms have."""
    wrong = f"In Content-Type {media.name},"
    if (labels := parameters.get("label_size", "0")) != "0":
        message = f"{wrong} label_size is {labels[:_SHOWN]!a}, and has to be 0: rows to score have no label."
        raise refused("unsupported_media_type", message, 415)
    if (told := parameters.get("header")) is None:
        return media
    if told.lower() not in _HEADERS:
        message = f"{wrong} header is {told[:_SHOWN]!a}, and can be present or absent."
        raise refused("unsupported_media_type", message, 415)
    return _CSV[media.name, told.lower()]


@lru_cache(maxsize=64)
def takes_long(content_type: str) -> bool:
    """Whether even a small body of this type can take long to decode: one that is compressed inside."""
    media = _MEDIA.get(_parsed(content_type)[0])
    return media is not None and media.format in _COMPRESSED


@lru_cache(maxsize=64)
def answer_format(accept: str, given: Media) -> Media:
    """What Accept likes best, and of equals the request's own format. Raises RequestError 406."""
    if not accept.strip():
        return given
    ranges = [_parsed(part) for part in accept.split(",")]
    likes = {media: _quality(media.name, ranges) for media in _MEDIA.values()}
    best = max(likes, key=lambda media: (likes[media], media.name == given.name))
    if likes[best] > 0:
        return best
    raise refused(
        "not_acceptable", f"Accept {accept[:_SHOWN]!a} leaves no format. Ask for one of {_SUPPORTED}.", 406
    )


def _quality(name: str, ranges: list[tuple[str, dict[str, str]]]) -> float:
    """RFC 9110, 12.5.1: of the ranges that match, the most specific one counts."""
    family = name.split("/")[0] + "/*"
    for wanted in (name, family, "*/*"):
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
