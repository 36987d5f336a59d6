"""What the model reads: the artifact's `schema.json`, checked for what serving relies on. No rows."""

from math import isfinite
from typing import Literal

import msgspec

from model.serving.errors import ArtifactError

MOST_CLASSES = 100
"""Telemetry's bins tell as many apart."""
ROWS_KEY = "instances"
"""The key of a JSON request that holds its rows; no feature can have this name."""


class Feature(msgspec.Struct, frozen=True):
    """One input. A value may be missing where `nullable`: null or left out in JSON, an empty cell in CSV.

    Description, range and example only document it: no value is refused because of them.
    """

    name: str
    kind: Literal["number", "category"]
    nullable: bool
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    example: float | str | None = None
    sensitive: Literal["drop", "hash"] | None = None
    """What becomes of a value before the container keeps it."""


class Output(msgspec.Struct, frozen=True):
    """The graph's output that is the score: one number for each row, or of each of `classes` a probability.

    A probability lies in [0, 1]; another number usually lies between `minimum` and `maximum`, which only
    telemetry asks for: no score is refused or changed because of them.
    """

    name: str
    description: str = ""
    kind: Literal["probability", "number", "probabilities"] = "probability"
    minimum: float = 0.0
    maximum: float = 1.0
    classes: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[float, float]:
        """What telemetry's number of a row lies between (of classes: `formats/classes.py`)."""
        return (0.0, float(len(self.classes))) if self.classes else (self.minimum, self.maximum)


class Schema(msgspec.Struct, frozen=True):
    """The features of a service in the order of its artifact."""

    service: str
    features: tuple[Feature, ...]
    output: Output
    version: str = "1"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all features, in order."""
        return tuple(feature.name for feature in self.features)

    def of_kind(self, kind: Literal["number", "category"]) -> tuple[Feature, ...]:
        """The features of one kind, in order."""
        return tuple(feature for feature in self.features if feature.kind == kind)


def parse_schema(content: bytes) -> Schema:
    """The schema in `content`. Members that serving does not read are ignored. Raises ArtifactError."""
    try:
        schema = msgspec.json.decode(content, type=Schema)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(str(error)) from error
    names = schema.names
    if not schema.service or not schema.version:
        raise _refused("its service or its version is without a name")
    if not names:
        raise _refused("it names no feature")
    if repeated := [name for name in names if names.count(name) > 1]:
        raise _refused(f"it names the feature {repeated[0]!r} twice")
    if ROWS_KEY in names or "" in names:
        raise _refused(f"a feature cannot be named {ROWS_KEY!r} or be without a name")
    _check_output(schema.output)
    if unusable := [name for name in names if any(sign in '"\\' or sign < " " for sign in name)]:
        raise _refused(
            f"the feature {unusable[0]!r} has a quote, a backslash or a control character in its name"
        )
    return schema


def _check_output(output: Output) -> None:
    if output.kind != "number" and (output.minimum, output.maximum) != (0, 1):
        raise _refused("its output is a probability, and has a minimum or a maximum of its own")
    span = output.maximum - output.minimum
    if not (isfinite(span) and span > 0):
        raise _refused("its output's maximum is not above its minimum")
    if (output.kind == "probabilities") != bool(output.classes):
        raise _refused(f"its output is a {output.kind}, and has {len(output.classes)} classes")
    if output.classes and not 2 <= len(set(output.classes)) == len(output.classes) <= MOST_CLASSES:
        raise _refused(f"its classes are no 2 to {MOST_CLASSES} different names")


def _refused(why: str) -> ArtifactError:
    return ArtifactError(
        f"schema.json is not the schema of a service: {why}.",
        "The model was not loaded, because its input cannot be checked.",
        "Package the model again.",
    )
