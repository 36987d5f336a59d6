"""One sandbox per test module, with two releases to move around in it."""

import os
from dataclasses import dataclass

import pytest

from demo.project import make_project
from sandbox import testing
from tests.end_to_end.world import World


@dataclass(frozen=True)
class Releases:
    """Ids of the two releases: logistic regression first, boosting second."""

    first: str
    second: str


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A running sandbox and a project; both end with the module."""
    folder = tmp_path_factory.mktemp("world")
    with testing.start(folder / "home") as sandbox:
        yield World(make_project(folder / "project"), sandbox)


@pytest.fixture(scope="module")
def releases(world, trained) -> Releases:
    """Both releases, live one after the other in dev."""
    found = [
        world.slipway("release", "--model", os.fspath(trained[kind])).result["release"]
        for kind in ("logistic", "boosting")
    ]
    return Releases(*found)
