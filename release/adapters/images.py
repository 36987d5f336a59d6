"""Images that are released: of this checkout, built here, or of others, found in a registry.

How ours is built is `model/image/`, how another one is found `release/adapters/foreign_images.py`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from model.image.build import BuildOptions, BuiltImage, build_image
from model.image.description import SOURCE
from model.image.rebuild import remember
from model.image.registry import push
from release.adapters import foreign_images
from release.adapters.foreign_images import FoundImage
from release.adapters.registry import docker_config
from release.domain.manifest import ImageRecord
from release.domain.names import release_tag
from release.domain.stage import ImageSettings
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
class LocalImages:
    """Builds on this machine, with `cache` for what a later build can use again."""

    cache: Path

    def build(self, settings: ImageSettings, tell: Tell) -> LocalImage:
        """Build the inference image of this checkout."""
        python = settings.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
        options = BuildOptions(
            base=settings.base, python=python, cache=self.cache, source=settings.source or SOURCE
        )
        built = build_image(options, lambda text: tell(Event(text, detail=True)))
        remember(self.cache, built)
        record = ImageRecord(digest=built.digest, size=built.size, runtime=built.runtime, python=python)
        return LocalImage(record, built)

    def find(self, reference: str, registry: Registry) -> FoundImage:
        """Another's image, by digest; `registry` is the stage's own."""
        return foreign_images.find(reference, registry)
