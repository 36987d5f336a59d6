"""How a release's columns are counted: binnings from the reference sample in its artifact."""

import csv
import io
from collections.abc import Mapping, Sequence
from statistics import quantiles

from model.artifact import REFERENCE, read
from model.serving.models.schema import Schema
from monitoring.counts import SCORE, Binning
from release.domain.errors import ServiceError
from release.domain.manifest import Manifest
from release.ports import Artifacts

BINS = 10
MOST_CATEGORIES = 200


def binnings(artifacts: Artifacts, manifest: Manifest, schema: Schema | None) -> tuple[Binning, ...]:
    """How the columns of a release are counted; none where its artifact holds no reference.

    Raises ServiceError for an artifact that cannot be read.
    """
    if schema is None:
        return ()
    try:
        files = read(artifacts.read_model(artifacts.model_uri(manifest.model.sha256)))
    except ValueError as error:
        raise ServiceError(
            f"The artifact of release {manifest.id} cannot be read: {error}.",
            "Its rows cannot be counted, so nothing was decided.",
            "Compare the stage's bucket with what was released: ./slipway verify",
        ) from None
    if REFERENCE not in files:
        return ()
    rows = list(csv.DictReader(io.StringIO(files[REFERENCE].decode())))
    kinds = {feature.name: feature.kind for feature in schema.features} | {SCORE: "number"}
    return tuple(_binning(name, kind, rows) for name, kind in kinds.items() if rows and name in rows[0])


def _binning(name: str, kind: str, rows: Sequence[Mapping[str, str]]) -> Binning:
    values = [row[name] for row in rows if row[name]]
    if kind == "category":
        return Binning(name, "category", categories=tuple(sorted(set(values)))[:MOST_CATEGORIES])
    numbers = sorted(map(float, values))
    edges = quantiles(numbers, n=BINS, method="inclusive") if len(numbers) > 1 else numbers
    return Binning(name, "number", edges=tuple(sorted(set(edges))))
