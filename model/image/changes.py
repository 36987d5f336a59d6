"""Why two images have two digests: what one holds or says that the other does not. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from model.image.description import OCI
from model.image.record import Record

Kind = Literal["package", "base package", "code", "base", "python", "setting", "label", "build"]
_PYTHON = "slipway.python"
_BASE = f"{OCI}.base.digest"
_FOLLOWS = frozenset({_PYTHON, _BASE, f"{OCI}.base.name", f"{OCI}.revision", "slipway.runtime"})
"""Labels that say again what another change says."""
_REASONS: Mapping[str, frozenset[Kind]] = {
    "requirements": frozenset({"package", "python"}),
    # the SBOM is in this layer
    "code": frozenset({"code", "package", "base", "base package", "label"}),
}
"""What changes a layer, by what it holds."""


@dataclass(frozen=True)
class Change:
    """One difference; `before` or `after` is None for what is only in the other image."""

    kind: Kind
    what: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.kind == "code":
            verb = "added" if self.before is None else "removed" if self.after is None else "changed"
            return f"code: {self.what} {verb}"
        return f"{self.kind}: {self.what} {self.before or '(none)'} -> {self.after or '(none)'}"

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def changes(before: Record, after: Record) -> list[Change]:
    """The differences of two images; empty exactly when they have one digest."""
    if before.digest == after.digest:
        return []
    found = [
        *_maps("package", before.packages, after.packages),
        *_one("python", "Python", before.labels.get(_PYTHON), after.labels.get(_PYTHON)),
        *_one("base", "base", _named(before), _named(after)),
        *_maps("base package", before.base_packages, after.base_packages),
        *_maps("code", before.files, after.files),
        *_maps("label", _own_labels(before), _own_labels(after)),
        *_maps("setting", _texts(before.settings), _texts(after.settings)),
    ]
    found += _build(before, after, {change.kind for change in found})
    return found or [Change("build", "manifest", before.digest, after.digest)]


def _build(before: Record, after: Record, found: set[Kind]) -> Iterator[Change]:
    """Layers that differ though nothing in `found` says why: built or compressed in another way."""
    earlier = {layer.holds: layer.digest for layer in before.own}
    for layer in after.own:
        explained = not _REASONS[layer.holds].isdisjoint(found)
        if earlier.get(layer.holds) != layer.digest and not explained:
            yield Change("build", f"layer of the {layer.holds}", earlier.get(layer.holds), layer.digest)


def _maps(kind: Kind, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        yield from _one(kind, name, before.get(name), after.get(name))


def _one(kind: Kind, what: str, before: str | None, after: str | None) -> Iterator[Change]:
    if before != after:
        yield Change(kind, what, before, after)


def _named(image: Record) -> str | None:
    digest = image.labels.get(_BASE)
    return digest and f"{image.labels.get(f'{OCI}.base.name', '')}@{digest}"


def _own_labels(image: Record) -> dict[str, str]:
    return {name: value for name, value in image.labels.items() if name not in _FOLLOWS}


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items()}
