"""A release's reference, by which its columns are binned and its drift is decided: read of its artifact."""

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
    try:
        files = artifact.read(artifacts.read_model(artifacts.model_uri(manifest.model.sha256)))
    except ValueError as error:
        if manifest.foreign is not None:
            return None
        raise ServiceError(
            f"The artifact of release {manifest.id} cannot be read: {error}.",
            "Its rows cannot be counted, so nothing was decided.",
            "Compare the stage's bucket with what was released: ./slipway verify",
        ) from None
    if artifact.PROFILE in files:
        return reference.read(files[artifact.PROFILE])
    if artifact.REFERENCE in files and artifact.SCHEMA in files:
        return sample.of_sample(files[artifact.REFERENCE], files[artifact.SCHEMA])
    return None
