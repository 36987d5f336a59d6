"""The metrics that a job's MetricDefinitions find in the lines that it prints. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """A metric's name, and the expression whose first group is its value."""

    name: str
    pattern: re.Pattern[str]


def read_definitions(given: Iterable[Mapping[str, str]]) -> list[Definition]:
    """MetricDefinitions as a request has them. Raises ValueError for an expression that is none."""
    found = []
    for one in given:
        try:
            found.append(Definition(one["Name"], re.compile(one["Regex"])))
        except re.error as error:
            raise ValueError(
                f"{one['Regex']!r} of {one['Name']} is no regular expression: {error}"
            ) from error
    return found


def values_in(line: str, definitions: Iterable[Definition]) -> Iterator[tuple[str, float]]:
    """Every value that a line has, by the metric's name, in order; NaN is one, other words are none."""
    for definition in definitions:
        for match in definition.pattern.finditer(line):
            try:
                yield definition.name, float(match[1] if definition.pattern.groups else match[0])
            except (TypeError, ValueError):
                continue
