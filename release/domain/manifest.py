"""The release manifest: what a release is, and the id that follows from it.

Immutable by construction; stored next to the artifact as canonical JSON. Evidence comes from training
(`evidence.json`) and from the image build; nothing here computes either.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from release.domain import card, names
from release.domain.errors import UsageError
from release.domain.pins import Data, Sha256

Digest = str
SERVED = ("probability", "number", "probabilities")
"""What the inference server's score for each row can be (`output.kind` of the input schema)."""


class ImageRecord(Data):
    """The image that serves: its digest, compressed size in bytes, and where it can run."""

    digest: Digest
    size: int
    runtime: Literal["process", "container"]
    python: str
    fetches: bool = False
    """Whether it fetches its artifact itself, and compares it, where it is told to."""


class ModelRecord(Data):
    """The model artifact: SHA-256 and size in bytes of model.tar.gz."""

    sha256: Sha256
    size: int


class GateResult(Data):
    """One gate's outcome: what was measured, against which bound, and why that passes or not."""

    name: str
    passed: bool
    value: float | None = None
    bound: float | None = None
    reason: str = ""


class Foreign(Data):
    """What is known of a container that this repository did not build."""

    kind: str
    """What its model answers, as its evidence says."""
    prints_windows: bool = False
    """Whether it prints windows, by which the judge compares it with live."""


class Manifest(Data):
    """Everything a stage has to know of a release. `id` names it by this content."""

    format: Literal[1] = 1
    service: str
    image: ImageRecord
    model: ModelRecord
    input_schema: dict[str, Any]
    source: dict[str, str | bool | int | None]
    evaluation: dict[str, Any]
    gates: tuple[GateResult, ...]
    golden_sha256: Sha256
    card: dict[str, Any] = Field(default_factory=dict)
    """What training measured for the model card (`release.domain.card`); empty of an earlier version."""
    foreign: Foreign | None = None
    """Of a container that this repository did not build; None for our own."""

    @property
    def prints_windows(self) -> bool:
        """Whether its containers print windows: our own do, others as their evidence says."""
        return self.foreign is None or self.foreign.prints_windows

    @property
    def id(self) -> str:
        """The start of the SHA-256 of the manifest's canonical JSON."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[: names.RELEASE_ID_LENGTH]

    @property
    def trained_as(self) -> str:
        """The service's own name, as training and a model registry know it; an endpoint may have another."""
        named = self.input_schema.get("service")
        return named if isinstance(named, str) and named else self.service

    def to_bytes(self) -> bytes:
        """The manifest as canonical JSON; what is not there is left out, so that ids stay what they were."""
        content = self.model_dump(mode="json")
        if not self.card:
            del content["card"]
        if not self.image.fetches:
            del content["image"]["fetches"]
        if self.foreign is None:
            del content["foreign"]
        return names.canonical_json(content)


def from_bytes(data: bytes, expected_id: str) -> Manifest:
    """The manifest in `data`. Raises UsageError when it is none, or not that of release `expected_id`."""
    found = hashlib.sha256(data).hexdigest()[: names.RELEASE_ID_LENGTH]
    if found != expected_id:
        raise UsageError(
            f"The manifest stored as release {expected_id} is that of {found}: it was changed.",
            "It proves nothing, so nothing was changed.",
            "Release the model again (./slipway release) and promote that.",
        )
    return Manifest.model_validate_json(data)


def compose(service: str, image: ImageRecord, evidence: Mapping[str, Any], golden: bytes) -> Manifest:
    """The manifest of an image and the evidence that training left (`evidence.json`).

    Raises UsageError when the evidence lacks something or is not that of `golden`.
    """
    golden_sha256 = hashlib.sha256(golden).hexdigest()
    if evidence.get("golden_sha256") != golden_sha256:
        raise UsageError(
            "golden.json is not the one that evidence.json names.",
            "The smoke test would prove nothing, so nothing was released.",
            "Train again: ./slipway train",
        )
    _refuse_unserved(evidence.get("input_schema"))
    try:
        card.of(evidence.get("card") or {})
        return Manifest(
            service=service,
            image=image,
            model=ModelRecord(**evidence["model"]),
            input_schema=evidence["input_schema"],
            source=evidence["source"],
            evaluation=evidence["evaluation"],
            gates=tuple(GateResult.model_validate(gate) for gate in evidence["gates"]),
            golden_sha256=golden_sha256,
            card=evidence.get("card") or {},
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise UsageError(
            f"evidence.json is incomplete: {error}",
            "A release without evidence would be unjudged, so nothing was released.",
            "Train again: ./slipway train",
        ) from None


def _refuse_unserved(schema: Any) -> None:
    """Raise UsageError for a model whose answers the image's server cannot give: it would not start."""
    output = schema.get("output") if isinstance(schema, Mapping) else None
    kind = output.get("kind", SERVED[0]) if isinstance(output, Mapping) else SERVED[0]
    if kind not in SERVED:
        raise UsageError(
            f"The model answers with {kind!r}, and the inference server with one {' or '.join(SERVED)} for "
            "each row.",
            "Its containers would not start, so nothing was released.",
            "Train a binary, a regression or a multiclass service: docs/own-model.md.",
        )


def parse_json(data: bytes, name: str) -> Any:
    """JSON from a file of a release. Raises UsageError that names the file."""
    try:
        return json.loads(data)
    except ValueError as error:
        raise UsageError(f"{name} is no JSON: {error}.", "Nothing was changed.", "Train again.") from None
