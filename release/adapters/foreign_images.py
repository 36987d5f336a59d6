"""An image that somebody else built: found by digest in any registry that crane reaches, and copied by it.

Credentials are those of this machine for the registry that it lies in (`crane auth login`, `docker login` or
a credential helper); the stage's own registry is entered as the stage is.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from release.adapters.registry import crane, docker_config
from release.domain.errors import ServiceError, UsageError
from release.domain.image_reference import DOCKER_HUB, pinned, registry_of
from release.domain.manifest import ImageRecord
from release.ports import Registry

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
"""Manifests of several images, one for each platform."""

_HUBS_KEY = "https://index.docker.io/v1/"
"""Under which a Docker config has the credentials for Docker Hub; crane looks under no other."""


@dataclass(frozen=True)
class FoundImage:
    """An image in a registry; `reference` names it by digest."""

    record: ImageRecord
    reference: str
    login: dict[str, Any]

    def push(self, registry: Registry, release: str) -> None:
        """Copy it into a stage's registry under the release's tag, and check what arrived."""
        registry.copy_from(self.reference, self.login, self.record.digest, release)


def find(reference: str, registry: Registry) -> FoundImage:
    """The image that `reference` names by digest. Raises UsageError when it is none that SageMaker could run.

    `registry` is the stage's own, whose credentials are at hand.
    """
    repository, digest = pinned(reference)
    host = registry_of(repository)
    stages = registry.login()
    login = stages if host in stages else _login(host)
    try:
        with docker_config(login) as config:
            manifest = json.loads(crane(["manifest", reference], config))
    except ServiceError as error:
        raise UsageError(
            f"The image {reference} cannot be read: {error.cause}",
            "Nothing was changed.",
            f"Check repository and digest; where the registry asks who you are: crane auth login {host}",
        ) from None
    if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
        raise UsageError(
            f"{reference} is an index of images for several platforms.",
            "SageMaker would choose one of them, which nobody proved, so nothing was changed.",
            "Take that of the stage's instances: "
            f"crane digest --platform linux/amd64 {reference} (Graviton: linux/arm64).",
        )
    size = sum(part["size"] for part in (manifest["config"], *manifest["layers"]))
    return FoundImage(ImageRecord(digest=digest, size=size, runtime="container", python=""), reference, login)


def _login(host: str) -> dict[str, Any]:
    """What this machine's own Docker config, or its credential helper, knows of a registry; else nothing."""
    try:
        found = json.loads(crane(["auth", "get", host]))
    except (ServiceError, ValueError):
        return {}
    if not found.get("Username"):
        return {}
    pair = f"{found['Username']}:{found['Secret']}".encode()
    return {_HUBS_KEY if host == DOCKER_HUB else host: {"auth": base64.b64encode(pair).decode()}}
