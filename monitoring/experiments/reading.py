"""Lines of files into exposures and outcomes. Pure; where the files lie is `monitoring/storage/told.py`.

A line that says nothing is set aside by its cause, and named by its file and number: the file stays where it
is. Whatever bytes a line holds, it ends no look.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from monitoring import rows
from monitoring.experiments import assignment
from monitoring.experiments.joining import Exposure, Outcome, Troubles

UNREADABLE = "lines that cannot be read"
LONG = "lines that are too long"
FILE = "files that cannot be read to their end"
ANOTHER = "outcomes of another name"
_CAPTURED = re.compile(r"/(?P<variant>[\w-]+)/\d{4}/\d{2}/\d{2}/\d{2}/[^/]+$")
"""Of a file of captured records: SageMaker's have the variant in their path, a container's the release."""
_YES: Mapping[Any, int] = {1: 1, 0: 0, "1": 1, "0": 0, "true": 1, "false": 0}
"""What may be told of an outcome; JSON's true and false are 1 and 0 here."""
_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
"""A time as CSV has it, where it is no ISO 8601."""
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"

_Moment = str | int | float | None


class _Metadata(msgspec.Struct):
    inference: str | None = msgspec.field(name="inferenceId", default=None)
    at: _Moment = msgspec.field(name="inferenceTime", default=None)


class _Said(msgspec.Struct):
    """What is read of a line; whatever else stands in it is passed over."""

    key: str | int | None = None
    inference: str | None = msgspec.field(name=rows.INFERENCE, default=None)
    variant: str | None = msgspec.field(name=rows.VARIANT, default=None)
    at: _Moment = msgspec.field(name=rows.AT, default=None)
    value: bool | int | float | str | None = None
    outcome: str | None = None
    experiment: str | None = None
    captured: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="captureData", default=msgspec.UNSET)
    metadata: _Metadata | None = msgspec.field(name="eventMetadata", default=None)


_decode = msgspec.json.Decoder(_Said).decode


@dataclass(frozen=True)
class Line:
    """A line of a file, and where it stands."""

    place: str
    number: int
    data: bytes = b""
    fault: str | None = None
    """Why nothing was read of it: LONG, or FILE of all that would have come from there on."""


def exposures(
    lines: Iterable[Line], troubles: Troubles, releases: Mapping[str, str] | None = None
) -> Iterator[Exposure]:
    """What lines say of exposures: as callers write them, as rows of captured records, or as captured.

    `releases` are variants by release: a container that captures knows no variant.
    """
    for line, said in _readable(lines, troubles):
        try:
            found = _exposure(line, said)
        except (ValueError, OverflowError, OSError):
            troubles.note(UNREADABLE, _where(line))
            continue
        yield replace(found, variant=(releases or {}).get(found.variant, found.variant))


def outcomes(lines: Iterable[Line], name: str, troubles: Troubles) -> Iterator[Outcome]:
    """What lines say of the outcome of this name; one that has no name is it."""
    for line, said in _readable(lines, troubles):
        if said.outcome not in (None, "", name):
            troubles.note(ANOTHER, said.outcome)
            continue
        try:
            key, experiment = _whose(said)
            value = _YES.get(said.value.strip().lower() if isinstance(said.value, str) else said.value)
            if key is None or value is None:
                raise ValueError("an outcome of nobody, or none")
            found = Outcome(key, value, _time(said.at), experiment)
        except (ValueError, OverflowError, OSError):
            troubles.note(UNREADABLE, _where(line))
            continue
        yield found


def _exposure(line: Line, said: _Said) -> Exposure:
    if said.captured is not msgspec.UNSET:
        found = _CAPTURED.search(line.place)
        if found is None or said.metadata is None:
            raise ValueError("no variant in the path of a captured record, or nothing of when it was")
        whose = assignment.asked(said.metadata.inference)
        key, experiment = (whose.key, whose.experiment) if whose else (None, None)
        return Exposure(key, found["variant"], _time(said.metadata.at), experiment)
    if not said.variant:
        raise ValueError("an exposure to nothing")
    key, experiment = _whose(said)
    return Exposure(key, said.variant, _time(said.at), experiment)


def _whose(said: _Said) -> tuple[str | None, str | None]:
    """The key and, where it is told, the experiment."""
    if said.key not in (None, ""):
        return str(said.key), said.experiment or None
    whose = assignment.asked(said.inference)
    return (whose.key, whose.experiment) if whose else (None, None)


def _readable(lines: Iterable[Line], troubles: Troubles) -> Iterator[tuple[Line, _Said]]:
    """The lines that say something; the head of a CSV file says how the others of it are read."""
    place, head = "", None
    for line in lines:
        if line.place != place or line.number == 1:
            place, head = line.place, None
        data = line.data.removeprefix(_BOM) if line.number == 1 else line.data
        if line.fault is None and not data.strip(_BLANK):
            continue
        try:
            if line.fault is not None:
                raise ValueError(line.fault)
            if not line.place.removesuffix(".gz").endswith(".csv"):
                yield line, _decode(data)
                continue
            (cells,) = csv.reader([data.decode().rstrip("\r\n")])
            if head is None:
                head = cells
                continue
            yield line, msgspec.convert(dict(zip(head, cells, strict=True)), _Said)
        except (ValueError, RecursionError, csv.Error):
            head = [] if head is None else head
            troubles.note(line.fault or UNREADABLE, line.place if line.fault == FILE else _where(line))


def _time(value: _Moment) -> datetime:
    """A moment, UTC: ISO 8601 with its zone, or seconds since 1970.

    Raises ValueError for anything else, OverflowError or OSError for what no calendar has.
    """
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        value = float(value)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(value or "")
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found.astimezone(UTC)


def _where(line: Line) -> str:
    return f"{line.place}:{line.number}"
