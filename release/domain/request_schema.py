"""What a release promises its callers: the requests that it accepts, and what its answers mean. Pure.

The promise is the manifest's `input_schema`. The inference server refuses a field that it does not know, a
value of another kind, and a missing value where none may be missing (`docs/serving.md`); so a release whose
schema asks for more, knows less or is of another kind than live's refuses requests that live accepts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from release.domain import nearby
from release.domain.english import with_article
from release.domain.golden import media_type
from release.domain.manifest import GateResult

GATE = "schema"
ROWS_WITHOUT_NAMES = "SLIPWAY_ROWS_WITHOUT_NAMES"
"""The variable by which a container refuses rows without names, which are taken in the features' order."""
REFUSE = "refuse"
SERVED_TYPES = (
    "application/json",
    "text/csv",
    "application/csv",
    "application/jsonlines",
    "application/x-jsonlines",
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
    "application/x-npy",
    "application/vnd.apache.parquet",
    "application/x-parquet",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
)
"""The content types that the inference server takes, whatever the model (`docs/serving.md`)."""


class _Read(BaseModel):
    """Base of what is read of a schema: what a later version adds changes no promise."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Feature(_Read):
    """One input. A nullable one may be left out of a request."""

    name: str
    kind: str = ""
    nullable: bool = False
    description: str = ""


class Output(_Read):
    """What the answer is."""

    name: str = ""
    kind: str = ""
    classes: tuple[str, ...] = ()


class Promise(_Read):
    """What a schema promises. Without features it promises nothing."""

    service: str = ""
    features: tuple[Feature, ...] = ()
    output: Output = Output()
    content_types: tuple[str, ...] = ()
    """Those of requests, where the schema says them: a foreign container's does."""

    @property
    def taken(self) -> tuple[str, ...]:
        """The content types that its server takes: ours where it says none; without features, unknown."""
        return self.content_types or (SERVED_TYPES if self.features else ())

    @property
    def named(self) -> dict[str, Feature]:
        """The features by name."""
        return {feature.name: feature for feature in self.features}


@dataclass(frozen=True)
class Compared:
    """What of live's promise the candidate breaks, and what it accepts that live does not; each in words."""

    broken: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    values: int | None = None
    """How many values a row without names needs from now on, where live accepts such rows with fewer."""


def compare(live: Mapping[str, Any], candidate: Mapping[str, Any], named_only: bool = False) -> Compared:
    """Live's schema and the candidate's. `named_only` says that live accepts no rows without names."""
    old, new = _read(live), _read(candidate)
    if old is None:
        return unknown("its schema cannot be read")
    types = _content_types(old, new)
    if not old.features:
        another = _service(old, new) if new and old.service and new.service else []
        return Compared(broken=(*another, *types))
    if new is None or not new.features:
        return Compared(broken=("its manifest does not say which features it reads", *types))
    if not old.named.keys() & new.named.keys():
        return Compared(
            broken=(
                f"it is another service's model: {new.service or 'it'} reads none of the "
                f"{len(old.features)} features of {old.service or 'live'}",
            )
        )
    broken = [*_service(old, new), *_features(old, new), *_order(old, new, named_only), *_output(old, new)]
    longer = not named_only and len(new.features) > len(old.features)
    values = len(new.features) if longer else None
    return Compared((*broken, *types), tuple(_gained(old, new, named_only)), values)


def gate(found: Compared, known: bool) -> GateResult:
    """The gate of a release before live's callers; `known` says that the stage's data names it."""
    if not found.broken:
        return GateResult(name=GATE, passed=True, reason=_accepts(found))
    words = "; ".join(found.broken)
    return GateResult(
        name=GATE,
        passed=known,
        reason=f"its callers know that {words}" if known else f"it breaks what live promises: {words}",
    )


def _accepts(found: Compared) -> str:
    if found.values is None:
        return "it accepts every request that live accepts"
    return (
        "it accepts every request with names that live accepts; "
        f"rows without names need {found.values} values from now on"
    )


def unknown(why: str) -> Compared:
    """What is found where live's manifest cannot be read: missing evidence passes nothing."""
    return Compared(broken=(f"what live accepts is not known: {why}",))


def next_step(release: str, stage: str) -> str:
    """What to do about a release that breaks the promise of what is live in `stage`."""
    return (
        "Release one that accepts what live accepts (a new feature nullable, none gone); or, once all callers"
        f" know, name it in the entry of {stage} under `stages:` in Pulumi.yaml: "
        f'callers_know: ["{release}"]'
    )


def unreadable(schema: Mapping[str, Any]) -> str | None:
    """Why a schema cannot be read, so that nothing could be compared with it; None when it can be."""
    try:
        Promise.model_validate(dict(schema))
    except ValidationError as error:
        return "; ".join(_wrong(detail) for detail in error.errors())
    return None


_SHAPES = {"model_type": "it is no object", "tuple_type": "it is no list", "missing": "it is missing"}


def _wrong(detail: Mapping[str, Any]) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    return f"{place.lstrip('.')}: {_SHAPES.get(detail['type'], detail['msg'])}"


def _read(schema: Mapping[str, Any]) -> Promise | None:
    try:
        return Promise.model_validate(dict(schema))
    except ValidationError:
        return None


def _content_types(old: Promise, new: Promise | None) -> tuple[str, ...]:
    """Content types that live takes and the candidate does not, where of both it is known."""
    if new is None or not new.taken:
        return ()
    # The inference server takes them with parameters too.
    gone = [
        kind
        for kind in old.taken
        if kind not in new.taken and (new.content_types or media_type(kind) not in new.taken)
    ]
    return (f"it takes no requests in {', '.join(gone)}",) if gone else ()


def _service(old: Promise, new: Promise) -> list[str]:
    return (
        [f"it is a model of {new.service}, live is one of {old.service}"]
        if old.service != new.service
        else []
    )


def _features(old: Promise, new: Promise) -> list[str]:
    gone = [feature for feature in old.features if feature.name not in new.named]
    required = [f for f in new.features if f.name not in old.named and not f.nullable]
    found = []
    for feature in gone:
        other = _renamed(feature, [f for f in new.features if f.name not in old.named])
        if other:
            required = [f for f in required if f.name != other.name]
            found.append(f"{feature.name} is called {other.name}")
        else:
            found.append(f"{feature.name} is gone, and a request that holds it is refused")
    found += [f"{feature.name} is new, and has to be in each request" for feature in required]
    for before, after in ((f, new.named[f.name]) for f in old.features if f.name in new.named):
        if before.kind != after.kind:
            found.append(f"{before.name} is {with_article(after.kind)}, and was {with_article(before.kind)}")
        if before.nullable and not after.nullable:
            found.append(f"{before.name} must not be missing any more")
    return found


def _of_kind(kind: str) -> str:
    """An answer of a kind, in words: "a number", and of several numbers "probabilities"."""
    return kind if kind.endswith("s") else with_article(kind or "value")


def _renamed(gone: Feature, added: Sequence[Feature]) -> Feature | None:
    """The new feature that one which is gone seems to be: by its description, else by its name."""
    alike = [feature for feature in added if feature.kind == gone.kind]
    described = [f for f in alike if gone.description and f.description == gone.description]
    near = nearby.closest(gone.name, [feature.name for feature in alike])
    return next(iter([*described, *(f for f in alike if f.name in near[:1])]), None)


def _order(old: Promise, new: Promise, named_only: bool) -> list[str]:
    """Rows without names are taken in the order of the features, and nobody sees that it is another one."""
    kept = [feature.name for feature in new.features if feature.name in old.named]
    was = [feature.name for feature in old.features if feature.name in new.named]
    if named_only or kept == was:
        return []
    return ["its features are in another order, so rows without names would be taken for something else"]


def _output(old: Promise, new: Promise) -> list[str]:
    found = []
    if old.output.name != new.output.name:
        found.append(f"its answer is {new.output.name or 'without a name'}, and was {old.output.name}")
    if old.output.kind != new.output.kind:
        is_now, was = (_of_kind(output.kind) for output in (new.output, old.output))
        found.append(f"its answer is {is_now}, and was {was}")
    if old.output.kind == new.output.kind and old.output.classes != new.output.classes:
        told = [", ".join(output.classes) or "without a name" for output in (new.output, old.output)]
        found.append(f"its classes are {told[0]}, and were {told[1]}")
    return found


def _gained(old: Promise, new: Promise, named_only: bool) -> list[str]:
    added = [feature.name for feature in new.features if feature.name not in old.named and feature.nullable]
    found = [f"{name}, which may be left out" for name in added]
    if added and not named_only:
        found[-1] += f" (rows without names need {len(new.features)} values from now on)"
    return found + [
        f"{feature.name} may be missing"
        for feature in old.features
        if feature.name in new.named and new.named[feature.name].nullable and not feature.nullable
    ]
