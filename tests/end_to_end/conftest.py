"""One sandbox per test module, with releases to move around in it."""

import hashlib
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from demo.project import make_project
from release.domain import manifest
from release.domain.manifest import Manifest
from release.domain.pins import Pins, ReleasePin
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


Fresh = Callable[..., str]
"""Gives the id of a new release; `wrong=True` for one whose golden requests no model answers as they ask."""


@pytest.fixture(scope="module")
def fresh(world, trained) -> Fresh:
    """Gives, at each call, a release that no stage has seen yet, live in dev by its pin alone.

    Promotion reads the source's data, manifest, registry and bucket, not its endpoint; so a new manifest and
    a pin make a new release of bytes that are there, without a rollout in dev for each. Every other one has
    the other model.
    """
    world.slipway("release", "--model", os.fspath(trained["logistic"]))
    dev = world.ports("dev")
    pin = world.endpoint("dev").live
    models = [_with_model(world, pin, trained[kind]) for kind in ("logistic", "boosting")]
    numbers = itertools.count()

    def choose(wrong: bool = False) -> str:
        number = next(numbers)
        live, content, golden = models[number % 2]
        if wrong:
            golden = models[1 - number % 2][2]
        digest = hashlib.sha256(golden).hexdigest()
        changed = {"source": {**content.source, "number": number}, "golden_sha256": digest}
        content = content.model_copy(update=changed)
        dev.artifacts.put_release(content, golden)
        dev.file.write("delays", Pins(live=live.model_copy(update={"release": content.id})))
        return content.id

    return choose


def _with_model(world: World, pin: ReleasePin, trained) -> tuple[ReleasePin, Manifest, bytes]:
    """What a release of `trained` with the image of `pin` would be: its pin, manifest and golden requests."""
    artifacts = world.ports("dev").artifacts
    golden = (trained / "golden.json").read_bytes()
    evidence = manifest.parse_json((trained / "evidence.json").read_bytes(), "evidence.json")
    image = artifacts.manifest(pin.release).image
    content = manifest.compose("delays", image, evidence, golden)
    sha256 = content.model.sha256
    artifacts.put_model(sha256, trained / "model.tar.gz")
    return pin.model_copy(update={"model": artifacts.model_uri(sha256), "sha256": sha256}), content, golden
