"""What can go wrong with an image.

ImageError              exit code 2: usage or configuration
├── BaseImageError      the base is not named by digest, or cannot be used
├── DependencyError     the locked requirements cannot be installed for the target
├── ToolError           crane or uv is missing
├── RegistryError       exit code 4: crane or the registry failed; run again
├── UpdateError         newer requirements cannot be found or tried
├── TrialError          exit code 1: an image of an update does not serve
└── LoadFailed          exit code 4: no load could be made; run again
"""

from model.errors import ModelError


class ImageError(ModelError):
    """The image cannot be built, pushed or read."""


class BaseImageError(ImageError):
    """The base is not named by digest, or cannot be used."""


class DependencyError(ImageError):
    """The locked requirements cannot be installed for the target."""


class ToolError(ImageError):
    """A program that the build runs is missing."""


class RegistryError(ImageError):
    """crane or the registry failed; nothing is half done, the same command can run again."""

    exit_code = 4


class UpdateError(ImageError):
    """Newer requirements cannot be found, tried or kept; those of the repository are as they were."""


class TrialError(ImageError):
    """An image of an update does not start or does not answer; the requirements are as they were."""

    exit_code = 1


class LoadFailed(ImageError):
    """No load could be made, so nothing was measured; the same command can run again."""

    exit_code = 4


def last_words(stderr: str, code: int) -> str:
    """What a program that failed said last, or its exit code when it said nothing."""
    return (stderr.strip().splitlines() or [f"exit code {code}"])[-1]
