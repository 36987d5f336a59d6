"""Writes docs/settings.md from the models of the settings: `python -m tests.release.settings_page`.

A key's default and limits are the model's, its effect is the docstring under it.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from infra.ci.settings import NAMESPACE, CiSettings
from release.domain.pins import PIN_ROLES, EndpointSettings, Proposed, ReleasePin
from release.domain.policy import Policy
from release.domain.stage import StageSettings
from release.domain.stages import StageEntry

DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"
_HEAD = "| key | default | limits | effect |\n|---|---|---|---|"
_AWS = ("region", "profile")
_APART = ("stage", "endpoints", "judge")
_INTRODUCTION = """\
# Settings

Every key of a stage's `Pulumi.<stage>.yaml` and of `Pulumi.yaml`, made from the models that read them
(`python -m tests.release.settings_page` writes this page anew). An unknown key is refused with the valid ones
near it, and a value outside its limits with its key, before anything is asked or changed. Keys of other
namespaces are Pulumi's and its provider's, such as `aws:allowedAccountIds`.
"""
_SECTIONS = {
    "stage": "A stage\n\nUnder `config:` of `Pulumi.<stage>.yaml`.",
    "endpoint": "An endpoint\n\nUnder `slipway:endpoints: {<name>: …}`. A name is at most 30 small letters, "
    "digits and single hyphens. All keys may be left out.",
    "pins": "Pins\n\nWhat `live`, `candidate` and `previous` of an endpoint hold; the commands write them.",
    "proposed": "A proposal\n\nWhat `proposed` of an endpoint holds; "
    "[`./slipway promote STAGE --propose`](proposals.md) writes it.",
    "judge": "The judge\n\nUnder `slipway:judge`. Why each default is so: [the judge](judge.md#the-policy).",
    "stages": "The stages\n\nEach entry of `stages:` in `Pulumi.yaml`.",
    "ci": "The CI stack\n\nUnder `config:` of `infra/ci/Pulumi.<stack>.yaml`: [what it makes](ci-roles.md).",
}


@dataclass(frozen=True)
class Row:
    """One key."""

    key: str
    default: str
    limits: str
    effect: str

    def line(self) -> str:
        """As a line of the table."""
        cells = (f"`{self.key}`", self.default, self.limits, self.effect)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page() -> str:
    """The whole document."""
    parts = [_INTRODUCTION]
    for name, rows in sections().items():
        table = "\n".join([_HEAD, *(row.line() for row in rows)])
        parts.append(f"## {_SECTIONS[name]}\n\n{table}\n")
    return "\n".join(parts)


def sections() -> dict[str, list[Row]]:
    """The rows of each section."""
    return {
        "stage": [
            *_named(rows_of(StageSettings, _APART), _AWS, "slipway"),
            Row("slipway:endpoints", "none", "", "The endpoints that the stage serves, by name: below."),
            Row("slipway:judge", "", "", "What the judge tolerates from a candidate: below."),
        ],
        "endpoint": list(rows_of(EndpointSettings, (*PIN_ROLES, "proposed"), EndpointSettings())),
        "pins": list(rows_of(ReleasePin)),
        "proposed": list(rows_of(Proposed)),
        "judge": list(rows_of(Policy, (), Policy())),
        "stages": list(rows_of(StageEntry)),
        "ci": list(_named(rows_of(CiSettings), _AWS, NAMESPACE)),
    }


def _named(rows: Iterator[Row], of_aws: tuple[str, ...], ours: str) -> Iterator[Row]:
    for row in rows:
        namespace = "aws" if row.key in of_aws else ours
        yield Row(f"{namespace}:{row.key}", row.default, row.limits, row.effect)


def rows_of(
    kind: type[BaseModel], without: tuple[str, ...] = (), value: BaseModel | None = None, path: str = ""
) -> Iterator[Row]:
    """A row for each key of a model and of the models in it; `value` holds its defaults."""
    schema = kind.model_json_schema()
    for name, field in kind.model_fields.items():
        if name in without:
            continue
        inner = _model(field.annotation)
        default = getattr(value, name) if value is not None else field.get_default(call_default_factory=True)
        if inner is not None:
            yield from rows_of(inner, (), default, f"{path}{name}.")
            continue
        needed = value is None and field.is_required()
        node = schema["properties"][name]
        effect = effects(kind)[name]
        yield Row(path + name, "**needed**" if needed else shown(default), limits(node, schema), effect)


def _model(annotation: Any) -> type[BaseModel] | None:
    if get_origin(annotation) is not None:
        kinds = [one for one in get_args(annotation) if one is not NoneType]
        annotation = kinds[0] if len(kinds) == 1 and NoneType in get_args(annotation) else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


@cache
def effects(kind: type[BaseModel]) -> Mapping[str, str]:
    """The docstring under each field of a model. Raises KeyError for a field without one."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if not issubclass(one, BaseModel) or one is BaseModel:
            continue
        body = ast.parse(inspect.getsource(one).strip()).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, says in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                docstring = isinstance(says, ast.Expr) and isinstance(says.value, ast.Constant)
                text = ast.literal_eval(says.value) if docstring else ""
                found[field.target.id] = " ".join(str(text).split())
    return found


def shown(value: Any) -> str:
    """A default as it is written in YAML."""
    if value in (None, ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "`{}`"
    if isinstance(value, tuple | list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def limits(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a value may be, from a node of the model's JSON schema."""
    if "anyOf" in node:
        return " or ".join(limits(one, schema) for one in node["anyOf"] if one.get("type") != "null")
    if "const" in node:
        return f"`{node['const']}`"
    if "$ref" in node:
        return limits(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    if "enum" in node:
        return "one of " + ", ".join(f"`{value}`" for value in node["enum"])
    if node.get("type") == "boolean":
        return "`true`, `false`"
    if node.get("type") == "object":
        return _pairs(node, schema)
    if node.get("type") == "array":
        inner = limits(node["items"], schema)
        words = (("minItems", "or more"), ("maxItems", "at most"))
        counts = [f"{node[key]} {word}" for key, word in words if key in node]
        return "; ".join(filter(None, [f"a list; each {inner}" if inner else "a list", ", ".join(counts)]))
    if "pattern" in node:
        return f"`{node['pattern']}`"
    return _bounds(node)


def _pairs(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a mapping's names and values may be."""
    [(name, value)] = node["patternProperties"].items() if "patternProperties" in node else [("", {})]
    counts = [f"at most {node['maxProperties']}"] if "maxProperties" in node else []
    longest = [f"values of at most {value['maxLength']} characters"] if "maxLength" in value else []
    return "; ".join([*(f"names `{name}`" for name in [name] if name), *longest, *counts])


def _bounds(node: Mapping[str, Any]) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    found = [f"{word} {node[key]:g}" for key, word in words.items() if key in node]
    whole = ["a whole number"] if node.get("type") == "integer" else []
    return re.sub(r"(\d)e\+0?(\d)", r"\1e\2", ", ".join([*whole, *found]))


if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")
