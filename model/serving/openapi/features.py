"""A model's features as JSON Schema, and an example of a row. No routes."""

from typing import Any

from model.serving.formats.values import FLOAT32_MAX, fits
from model.serving.models.schema import Feature, Schema

Document = dict[str, Any]


def reference(name: str) -> Document:
    """A reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def value(feature: Feature) -> Document:
    """The schema of one value."""
    kind = "number" if feature.kind == "number" else "string"
    found: Document = {"type": [kind, "null"] if feature.nullable else kind}
    if feature.kind == "number":
        found |= {"minimum": -FLOAT32_MAX, "maximum": FLOAT32_MAX}
    if told := description(feature):
        found["description"] = told
    return found | {"examples": [example(feature)]}


def row(schema: Schema) -> Document:
    """The schema of a row as an object."""
    return {
        "type": "object",
        "description": "One value for each feature. A nullable one may be null or left out.",
        "properties": {feature.name: value(feature) for feature in schema.features},
        "required": [feature.name for feature in schema.features if not feature.nullable],
        "additionalProperties": False,
        "examples": [example_row(schema)],
    }


def description(feature: Feature) -> str:
    """What the feature means, and which values it usually has, as far as the artifact says."""
    low, high = feature.minimum, feature.maximum
    match (low is None, high is None):
        case (False, False):
            usual = f"usually from {low:g} to {high:g}"
        case (False, True):
            usual = f"usually {low:g} or more"
        case (True, False):
            usual = f"usually {high:g} or less"
        case _:
            usual = ""
    return "; ".join(part for part in (feature.description, usual) if part)


def example_row(schema: Schema) -> Document:
    """A row that the model takes: the artifact's own example, or else made up."""
    return {feature.name: example(feature) for feature in schema.features}


def example(feature: Feature) -> float | str | None:
    """A value that the feature takes."""
    given = feature.example
    if given is not None and fits(feature, given):
        return _short(given)
    if feature.kind == "category":
        return "A"
    low, high = feature.minimum, feature.maximum
    middle = (low + high) / 2 if low is not None and high is not None else low if low is not None else high
    return _short(1.0 if middle is None or not fits(feature, middle) else middle)


def _short(value: float | str) -> float | str:
    """3 for 3.0, as people write it."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
