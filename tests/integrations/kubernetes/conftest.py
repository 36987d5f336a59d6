"""Exported stages on disk, and a cluster to apply them to."""

import pytest

from integrations import folder, formats
from tests.integrations.kubernetes.cluster import start
from tests.integrations.kubernetes.node import node
from tests.integrations.stages import exported


@pytest.fixture
def written(tmp_path):
    """Writes a stage of these endpoints as `./slipway export` does; returns its folder."""

    def write(*endpoints, name="prod"):
        place = tmp_path / name
        folder.write(place, formats.files_of("kubernetes", exported(*endpoints)))
        return place

    return write


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """An API server with its controllers and a node, one for all tests."""
    folder = tmp_path_factory.mktemp("cluster")
    with start(folder) as made, node(made, folder):
        yield made
