"""What tells two releases apart, from their pins and manifests."""

import hashlib
from collections.abc import Mapping
from typing import Any

from release.domain import names
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin
from release.report.report import Difference
from release.report.words import NONE


def differences(
    before: ReleasePin | None, after: ReleasePin | None, manifests: Mapping[str, Manifest]
) -> tuple[Difference, ...]:
    """One row for each thing that a release is made of."""
    old, new = _told(before, manifests), _told(after, manifests)
    shown = [*new, *(name for name in old if name not in new)]
    found = tuple(Difference(name, old.get(name, NONE), new.get(name, NONE)) for name in shown)
    ours = manifests.get(before.release) if before else None
    theirs = manifests.get(after.release) if after else None
    changed = inputs(ours, theirs) if ours and theirs else ""
    return (*found, Difference("inputs", NONE, changed)) if changed else found


def gates(manifest: Manifest | None) -> tuple[tuple[str, bool, str], ...]:
    """The gates that training measured of a release."""
    if manifest is None:
        return ()
    return tuple(
        (gate.name, gate.passed, _gate(gate.value, gate.bound, gate.reason)) for gate in manifest.gates
    )


def _gate(value: float | None, bound: float | None, reason: str) -> str:
    measured = "" if value is None else f"{value:.4g}"
    measured += "" if bound is None else f" (bound {bound:.4g})"
    return "; ".join(part for part in (measured.strip(), reason) if part) or NONE


def _told(pin: ReleasePin | None, manifests: Mapping[str, Manifest]) -> dict[str, str]:
    """Everything that is known of a release, by name."""
    if pin is None:
        return {}
    found = {
        "release": pin.release,
        "image": pin.digest,
        "model": f"sha256:{pin.sha256}",
        "instance type": pin.type or NONE,
        "instances at the start": str(pin.capacity),
        **{f"variable {name}": value for name, value in sorted(pin.environment.items())},
    }
    manifest = manifests.get(pin.release)
    if manifest is None:
        return found | {"evidence": "its manifest is not in the stage"}
    found["model size"] = f"{manifest.model.size:,} bytes"
    found["input schema"] = _schema(manifest.input_schema)
    found |= {f"source: {name.replace('_', ' ')}": str(value) for name, value in manifest.source.items()}
    return found | {f"measured: {name}": value for name, value in _measures(manifest.evaluation)}


def _measures(evaluation: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The numbers of an evaluation, those of its parts too, as words."""
    found = []
    for name, value in evaluation.items():
        label = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            found += _measures(value, f"{label}, ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append((label, f"{value:,}" if isinstance(value, int) else f"{value:.4g}"))
    return found


def _schema(schema: Mapping[str, Any]) -> str:
    """How many inputs there are, and a short checksum: other words mean another schema."""
    lists = [v for key, v in schema.items() if isinstance(v, list | tuple) and key != "content_types"]
    content = hashlib.sha256(names.canonical_json(dict(schema))).hexdigest()[:6]
    return f"{sum(map(len, lists)) or len(schema)} inputs, {content}" if schema else NONE


def inputs(before: Manifest, after: Manifest) -> str:
    """Which inputs came, went or changed, in words; empty when none did."""
    old, new = _named(before.input_schema), _named(after.input_schema)
    told = {
        "new": [name for name in new if name not in old],
        "gone": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name] != old[name]],
    }
    return "; ".join(f"{word}: {', '.join(found)}" for word, found in told.items() if found)


def _named(schema: Mapping[str, Any]) -> dict[str, Any]:
    lists = (value for value in schema.values() if isinstance(value, list | tuple))
    return {
        str(field["name"]): field
        for value in lists
        for field in value
        if isinstance(field, Mapping) and "name" in field
    }
