"""What a reference to an image, such as `HOST/REPOSITORY:TAG`, was found to name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FoundImage:
    """An image that a reference names: its digest, manifest bytes and media type."""

    digest: str
    manifest: bytes
    media_type: str
    resolved: str
    """The reference by digest, as DeployedImages shows it."""
