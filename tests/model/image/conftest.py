"""One built image for the tests that only look at it."""

import sys
from pathlib import Path

import pytest

from model.image.build import BuiltImage, build_image
from tests.model.image.engines import why_no_engine, why_no_packages
from tests.model.image.images import checkout, options

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of a worker share."""
    return tmp_path_factory.mktemp("image-cache")


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the serving package, so that all builds see the same code while someone works on it."""
    return checkout(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def built(cache: Path, source: Path) -> BuiltImage:
    """The image without a base, for the Python that runs the tests."""
    return build_image(options(cache, source, python=RUNNING))


@pytest.fixture(scope="session")
def packages() -> None:
    """Skips where no base can be made; apt takes a second to say so, and only tests that need it ask."""
    if why := why_no_packages():
        pytest.skip(f"no base: {why}")


@pytest.fixture(scope="session")
def buildah() -> None:
    """Skips where this machine cannot build with buildah."""
    if why := why_no_engine():
        pytest.skip(f"not built with buildah: {why}")
