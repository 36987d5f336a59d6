"""What a resource type says of each of its inputs, and the one diff made from that.

Old and new are compared as Terraform's AWS provider does: the new inputs against what AWS answered last
(the state), not against the old inputs. So drift that a refresh found, and an update that SageMaker took
back, both show as a change the next time. Pure functions of values; nothing here calls AWS.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from sandbox.pulumi.provider.shapes import EXACT_MAPS
from sandbox.pulumi.provider.values import UNKNOWN, Properties, Value, contains_unknown


class Default(Enum):
    """What AWS holds for an input that the program leaves out, where that is not a fixed value."""

    COMPUTED = "computed"
    """AWS chooses, and its choice is no drift."""


@dataclass(frozen=True)
class Property:
    """One input of a resource type."""

    required: bool = False
    replaces: bool = False
    """A change makes a new resource."""
    default: Value | Default = None
    """What AWS answers when the program leaves the input out."""
    local: bool = False
    """Only this provider knows it (such as `forceDestroy`): never read from AWS."""
    normal: Callable[[Value], Value] | None = None
    """The form in which two values that mean the same are equal."""
    exact: bool = False
    """Every member that AWS answers counts; otherwise those that the program never gave are AWS's own."""
    replaces_between: Callable[[Value, Value], bool] | None = None
    """Says whether going from the first value (the state's) to the second makes a new resource."""


class Kind(Enum):
    """How a value changed."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One difference between the state and the new inputs."""

    path: str
    """Where: `productionVariants[0].modelName`."""
    kind: Kind
    replaces: bool

    @property
    def name(self) -> str:
        """The input that holds the change."""
        return self.path.replace("[", ".", 1).split(".", 1)[0]


def json_document(value: Value) -> Value:
    """Return a policy document in a form that ignores spacing, the order of keys and of plain lists."""
    if not isinstance(value, str) or value == UNKNOWN:
        return value
    try:
        return _orderless(json.loads(value))
    except ValueError:
        return value


def unordered(value: Value) -> Value:
    """Return a list whose order has no meaning in a fixed order."""
    if isinstance(value, list):
        return sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def changes(
    properties: Mapping[str, Property],
    old_inputs: Properties,
    state: Properties,
    new_inputs: Properties,
    ignored: Sequence[str] = (),
) -> list[Change]:
    """Return what differs between the state and the new inputs, ordered by the type's own properties."""
    found: list[Change] = []
    for name, spec in properties.items():
        before, new = old_inputs.get(name), new_inputs.get(name)
        old = before if spec.local else state.get(name)
        for path, kind in _property_changes(name, spec, old, new, before):
            if any(path == item or path.startswith((f"{item}.", f"{item}[")) for item in ignored):
                continue
            found.append(Change(path, kind, _replaces(spec, old, new)))
    return found


def inputs_from_state(
    properties: Mapping[str, Property], old_inputs: Properties, state: Properties
) -> Properties:
    """Return the inputs that would describe `state`, written as the old inputs are where they agree.

    With no old inputs (an import) they are every input whose value is not AWS's default.
    """
    inputs: Properties = {}
    for name, spec in properties.items():
        live = state.get(name)
        if spec.local:
            live = old_inputs.get(name)
        elif name in old_inputs:
            if not list(_property_changes(name, spec, live, old_inputs[name])):
                live = old_inputs[name]
        elif spec.default is Default.COMPUTED:
            live = None if old_inputs else live
        elif _is_default(spec, live):
            live = None
        if live is not None:
            inputs[name] = live
    return inputs


def _property_changes(
    name: str, spec: Property, old: Value, new: Value, before: Value = None
) -> Iterator[tuple[str, Kind]]:
    """Yield where the state's value `old` and the input `new` differ; `before` is the last input."""
    if new is None:
        if spec.default is not Default.COMPUTED and not _is_default(spec, old):
            yield name, Kind.DELETE
    elif old is None:
        if contains_unknown(new) or not _is_default(spec, new):
            yield name, Kind.ADD
    elif spec.normal is not None:
        if contains_unknown(new) or spec.normal(old) != spec.normal(new):
            yield name, Kind.UPDATE
    else:
        yield from _differences(name, old, new, before, exact=spec.exact)


def _differences(
    path: str, old: Value, new: Value, before: Value, *, exact: bool
) -> Iterator[tuple[str, Kind]]:
    """Yield where `new` differs from `old`, member by member.

    A member that is in `old` only was taken away if the program gave it before; otherwise AWS filled it in.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        given = before if isinstance(before, dict) else {}
        for key, item in new.items():
            if key in old:
                yield from _differences(f"{path}.{key}", old[key], item, given.get(key), exact=exact)
            elif item not in (None, [], {}):
                yield f"{path}.{key}", Kind.ADD
        all_count = exact or path.rsplit(".", 1)[-1] in EXACT_MAPS
        gone = [key for key in old if key not in new and (all_count or key in given)]
        yield from ((f"{path}.{key}", Kind.DELETE) for key in gone)
    elif isinstance(old, list) and isinstance(new, list):
        given = before if isinstance(before, list) else []
        for index, (left, right) in enumerate(zip(old, new, strict=False)):
            last = given[index] if index < len(given) else None
            yield from _differences(f"{path}[{index}]", left, right, last, exact=exact)
        for index in range(len(new), len(old)):
            yield f"{path}[{index}]", Kind.DELETE
        for index in range(len(old), len(new)):
            yield f"{path}[{index}]", Kind.ADD
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, Kind.UPDATE


def _replaces(spec: Property, old: Value, new: Value) -> bool:
    return spec.replaces or (spec.replaces_between is not None and spec.replaces_between(old, new))


def _is_default(spec: Property, value: Value) -> bool:
    if value in (None, [], {}, ""):
        return True
    if spec.default is Default.COMPUTED:
        return False
    if spec.default is None:
        return value is False
    return value == spec.default


def _orderless(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _orderless(item) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) == 1:
            return _orderless(value[0])
        return unordered([_orderless(item) for item in value])
    return value
