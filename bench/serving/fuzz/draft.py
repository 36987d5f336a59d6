"""A body of one format before it is put into a request, and rows to make bodies of. Pure."""

from random import Random
from typing import Any, NamedTuple

from model.serving.models.schema import Feature, Schema

INVOCATIONS = "/invocations"
CANARY = "canary-of-the-fuzzer"
"""A text in many bodies, which no log may hold."""
_TEXTS = (
    "UA",
    "EWR",
    "IAH",
    "red",
    "größer",
    "round",
    "",
    " ",
    "☃",
    CANARY,
    "a" * 300,
    "null",
    "NaN",
    "1",
    '"',
)
_NUMBERS = (0, 1, -1, 3, 0.5, -2.25, 1e6, 1013.25, 3.4e38, -3.4e38, 1e-45, 1e-300, 16777217, 255, 1439)


class Draft(NamedTuple):
    """A body; `rows` is how many scores it has to get, None where it may be refused."""

    path: str
    content: bytes
    headers: dict[str, str]
    rows: int | None


def rows_of(chance: Random, schema: Schema) -> list[dict[str, Any]]:
    """Rows that the model takes; mostly few."""
    count = (
        chance.choice((1, 1, 1, 2, 3, 8, 8, 32, 64)) if chance.random() < 0.98 else chance.choice((0, 1000))
    )
    return [{feature.name: value(chance, feature) for feature in schema.features} for _ in range(count)]


def value(chance: Random, feature: Feature) -> Any:
    """A value that the feature takes."""
    if feature.nullable and chance.random() < 0.2:
        return None
    if feature.kind == "category":
        return chance.choice(_TEXTS)
    return chance.choice(_NUMBERS) if chance.random() < 0.3 else round(chance.uniform(-100, 2000), 3)
