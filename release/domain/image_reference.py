"""How an image of somebody else is named: by its digest, in a registry. Pure."""

import re

from release.domain.errors import UsageError

DOCKER_HUB = "index.docker.io"
"""The registry of an image that names none."""
_PINNED = re.compile(r"(?P<repository>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})")


def pinned(reference: str) -> tuple[str, str]:
    """Repository and digest of an image. Raises UsageError for a tag, with the command that resolves it."""
    found = _PINNED.fullmatch(reference)
    if found is None:
        named = reference.partition("@")[0] or "REPOSITORY:TAG"
        raise UsageError(
            f"{reference} is no image by digest: a tag may mean another image tomorrow.",
            "What was proven could not be told from what would run, so nothing was changed.",
            f"Get its digest (crane digest {named}), then give REPOSITORY@sha256:… to --image.",
        )
    return found["repository"], found["digest"]


def registry_of(repository: str) -> str:
    """The registry that a repository lies in: Docker Hub where its first part is no host.

    As docker reads references: a host has a dot or a port in it, or is localhost.
    """
    first, slash, _ = repository.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return first if is_host and first != "docker.io" else DOCKER_HUB
