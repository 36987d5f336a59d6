"""Images that are released: of this checkout, built here, or of others, found in a registry.

How ours is built is `model/image/`, how another one is found `release/adapters/foreign_images.py`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model.image.build import BuildOptions, BuiltImage, build_image
from model.image.description import SOURCE
from model.image.rebuild import remember
from model.image.registry import push
from model.image.training import TrainingCode, build_training_image
from release.adapters import foreign_images
from release.adapters.foreign_images import FoundImage
from release.adapters.registry import docker_config
from release.domain.manifest import ImageRecord
from release.domain.names import release_tag, training_tag
from release.domain.stage import ImageSettings
from release.jobs import Code
from release.ports import Event, Registry, Tell


@dataclass(frozen=True)
class LocalImage:
    """An image that was built on this machine."""

    record: ImageRecord
    built: BuiltImage

    def push(self, registry: Registry, release: str) -> None:
        """Bring it into a stage's registry under the release's tag."""
        with docker_config(registry.login()) as config:
            push(self.built, f"{registry.uri()}:{release_tag(release)}", config)


@dataclass(frozen=True)
class LocalTrainingImage:
    """A training image that was built on this machine."""

    built: BuiltImage

    @property
    def digest(self) -> str:
        """What names it."""
        return self.built.digest

    def push(self, registry: Registry) -> None:
        """Bring it into a stage's registry under a tag of its own."""
        with docker_config(registry.login()) as config:
            push(self.built, f"{registry.uri()}:{training_tag(self.digest)}", config)


@dataclass(frozen=True)
class LocalTrainingImages:
    """Builds training images on this machine, with `cache` for what a later build can use again."""

    cache: Path

    def build(self, settings: ImageSettings, code: Code, tell: Tell) -> LocalTrainingImage:
        """Build the training image of this checkout for one service."""
        place = TrainingCode(code.folder, PurePosixPath(code.place))
        options = _options(settings, self.cache)
        return LocalTrainingImage(
            build_training_image(options, place, lambda text: tell(Event(text, detail=True)))
        )


def _options(settings: ImageSettings, cache: Path) -> BuildOptions:
    python = settings.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    return BuildOptions(base=settings.base, python=python, cache=cache, source=settings.source or SOURCE)


@dataclass(frozen=True)
class LocalImages:
    """Builds on this machine, with `cache` for what a later build can use again."""

    cache: Path

    def build(self, settings: ImageSettings, tell: Tell) -> LocalImage:
        """Build the inference image of this checkout."""
        options = _options(settings, self.cache)
        built = build_image(options, lambda text: tell(Event(text, detail=True)))
        remember(self.cache, built)
        record = ImageRecord(
            digest=built.digest,
            size=built.size,
            runtime=built.runtime,
            python=options.python,
            fetches=True,
        )
        return LocalImage(record, built)

    def find(self, reference: str, registry: Registry) -> FoundImage:
        """Another's image, by digest; `registry` is the stage's own."""
        return foreign_images.find(reference, registry)
