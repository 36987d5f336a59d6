"""Lines of files into exposures and outcomes. Pure; where the files lie is `monitoring/storage/told.py`.

A line that says nothing is set aside by its cause, and named by its file and number.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from monitoring import rows
from monitoring.experiments import assignment
from monitoring.experiments.joining import Exposure, Outcome, Troubles

UNREADABLE = "lines that cannot be read"
ANOTHER = "outcomes of another name"
_CAPTURED = re.compile(r"/(?P<variant>[\w-]+)/\d{4}/\d{2}/\d{2}/\d{2}/[^/]+$")
"""Of a file of captured records: SageMaker's have the variant in their path, a container's the release."""
_YES: Mapping[Any, int] = {1: 1, 0: 0, "1": 1, "0": 0, "true": 1, "false": 0}
"""What may be told of an outcome; JSON's true and false are 1 and 0 here."""


@dataclass(frozen=True)
class Line:
    """A line of a file, and where it stands."""

    place: str
    number: int
    text: str


def exposures(
    lines: Iterable[Line], troubles: Troubles, releases: Mapping[str, str] | None = None
) -> Iterator[Exposure]:
    """What lines say of exposures: as callers write them, as rows of captured records, or as captured.

    `releases` are variants by release: a container that captures knows no variant.
    """
    for line, values in _values(lines, troubles):
        try:
            found = _exposure(line, values)
            yield replace(found, variant=(releases or {}).get(found.variant, found.variant))
        except (KeyError, TypeError, ValueError):
            troubles.note(UNREADABLE, _where(line))


def outcomes(lines: Iterable[Line], name: str, troubles: Troubles) -> Iterator[Outcome]:
    """What lines say of the outcome of this name; one that has no name is it."""
    for line, values in _values(lines, troubles):
        try:
            if values.get("outcome") not in (None, "", name):
                troubles.note(ANOTHER, str(values["outcome"]))
                continue
            key, experiment = _whose(values)
            if key is None:
                raise ValueError("an outcome of nobody")
            yield Outcome(key, _YES[_lower(values["value"])], _time(values["at"]), experiment)
        except (KeyError, TypeError, ValueError):
            troubles.note(UNREADABLE, _where(line))


def _exposure(line: Line, values: Mapping[str, Any]) -> Exposure:
    if "captureData" in values:
        about = values["eventMetadata"]
        found = _CAPTURED.search(line.place)
        if found is None:
            raise ValueError("no variant in the path of a captured record")
        said = assignment.asked(about.get("inferenceId"))
        key, experiment = (said.key, said.experiment) if said else (None, None)
        return Exposure(key, found["variant"], _time(about["inferenceTime"]), experiment)
    key, experiment = _whose(values)
    return Exposure(key, str(values[rows.VARIANT]), _time(values[rows.AT]), experiment)


def _whose(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The key and, where it is told, the experiment."""
    if values.get("key"):
        return str(values["key"]), values.get("experiment") or None
    said = assignment.asked(values.get(rows.INFERENCE))
    return (said.key, said.experiment) if said else (None, None)


def _values(lines: Iterable[Line], troubles: Troubles) -> Iterator[tuple[Line, Mapping[str, Any]]]:
    heads: dict[str, list[str]] = {}
    for line in lines:
        if not line.text.strip():
            continue
        try:
            if not line.place.removesuffix(".gz").endswith(".csv"):
                values = json.loads(line.text)
                if not isinstance(values, dict):
                    raise ValueError("no object")
                yield line, values
                continue
            (cells,) = csv.reader([line.text])
        except ValueError:
            troubles.note(UNREADABLE, _where(line))
            continue
        head = heads.setdefault(line.place, cells)
        if head is cells:
            continue
        if len(cells) == len(head):
            yield line, dict(zip(head, cells, strict=True))
        else:
            troubles.note(UNREADABLE, _where(line))


def _time(value: Any) -> datetime:
    """A moment: ISO 8601 with its zone, or seconds since 1970. Raises ValueError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _where(line: Line) -> str:
    return f"{line.place}:{line.number}"
