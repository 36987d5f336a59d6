"""A release's reference, by which its columns are binned and its drift is decided: read of its artifact."""

from collections.abc import Mapping

from model import artifact
from monitoring.drift import reference, sample
from monitoring.drift.reference import Reference
from release.domain.errors import ServiceError
from release.domain.manifest import Manifest
from release.ports import Artifacts


def of_release(artifacts: Artifacts, manifest: Manifest) -> Reference | None:
    """The reference in a release's artifact; None where it holds none, as those of other containers may.

    Raises ServiceError for an artifact that cannot be read, UnusableReference for a damaged reference.
    """
    files = _files(artifacts, manifest)
    if artifact.PROFILE in files:
        return reference.read(files[artifact.PROFILE])
    if found := _sample(files):
        return sample.of_sample(*found)
    return None


def sample_of(artifacts: Artifacts, manifest: Manifest) -> tuple[bytes, bytes] | None:
    """`reference.csv` and `schema.json` of a release's artifact, where it holds both.

    Raises ServiceError for an artifact that cannot be read.
    """
    return _sample(_files(artifacts, manifest))


def _sample(files: Mapping[str, bytes]) -> tuple[bytes, bytes] | None:
    both = artifact.REFERENCE, artifact.SCHEMA
    return (files[both[0]], files[both[1]]) if set(both) <= files.keys() else None


def _files(artifacts: Artifacts, manifest: Manifest) -> Mapping[str, bytes]:
    try:
        return artifact.read(artifacts.read_model(artifacts.model_uri(manifest.model.sha256)))
    except ValueError as error:
        if manifest.foreign is not None:
            return {}
        raise ServiceError(
            f"The artifact of release {manifest.id} cannot be read: {error}.",
            "Its rows cannot be counted, so nothing was decided.",
            "Compare the stage's bucket with what was released: ./slipway verify",
        ) from None
