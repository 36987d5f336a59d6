"""One sandbox per test module, with releases to move around in it."""

import hashlib
import itertools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.project import TIME_SCALE, guarded_project
from release.domain import manifest
from release.domain.manifest import Manifest
from release.domain.pins import Pins, ReleasePin
from release.ports import Tell
from sandbox import testing
from tests.end_to_end.world import Inside, World


@dataclass(frozen=True)
class Releases:
    """Ids of the two releases: logistic regression first, boosting second."""

    first: str
    second: str


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A running sandbox and a project; both end with the module."""
    folder = tmp_path_factory.mktemp("world")
    with testing.start(folder / "home", time_scale=TIME_SCALE) as sandbox:
        yield World(guarded_project(folder / "project"), sandbox)


@pytest.fixture
def inside(world, monkeypatch) -> Callable[[Tell], Inside]:
    """The world for operations in this process: they tell `tell`, and wait until it returns."""
    for name, value in world.sandbox.env.items():
        monkeypatch.setenv(name, value)
    return lambda tell: Inside(world.project, tell, world)


@pytest.fixture(autouse=True)
def _no_faults_left(request):
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").sandbox.clear_faults()


@pytest.fixture(scope="module")
def on_a_base(world, shared_folder) -> None:
    """Dev builds images that a container can run; the sandbox still runs them by this Python."""
    from tests.container.base import base_or_skip  # loads what finds a container engine

    base, running = base_or_skip(shared_folder), f"{sys.version_info[0]}.{sys.version_info[1]}"
    if base.python != running:
        pytest.skip(f"the base has Python {base.python}, and the sandbox would run its image by {running}")
    world.set("dev", image={"base": base.reference, "python": base.python})


@pytest.fixture(scope="module")
def releases(world, trained) -> Releases:
    """Both releases, live one after the other in dev."""
    found = [
        world.slipway("release", "--model", os.fspath(trained[kind])).result["release"]
        for kind in ("logistic", "boosting")
    ]
    return Releases(*found)


Fresh = Callable[..., str]
"""Gives the id of a new release of `endpoint`; with `wrong=True` it does not answer as its evidence says."""


@pytest.fixture(scope="module")
def fresh(world, trained) -> Fresh:
    """As `releases_by_pin`, in a dev that has an endpoint."""
    world.slipway("release", "--model", os.fspath(trained["logistic"]))
    return releases_by_pin(world, trained)


def releases_by_pin(world: World, trained: Mapping[str, Path]) -> Fresh:
    """Gives, at each call, a release that no stage has seen yet, live in dev by its pin alone.

    Promotion reads the source's data, ledger, manifest, registry and bucket, not its endpoint; so a new
    manifest and a pin make a new release of bytes that are there, without a rollout in dev for each. They
    have the two models in turn. In dev there has to be a release whose image they share.
    """
    dev = world.ports("dev")
    pin = world.endpoint("dev").live
    assert pin is not None
    models = [_with_model(world, pin, trained[kind]) for kind in ("logistic", "boosting")]
    numbers = itertools.count()

    def choose(wrong: bool = False, endpoint: str = "delays") -> str:
        number = next(numbers)
        live, content, golden = models[number % 2]
        if wrong:
            golden = models[1 - number % 2][2]
        digest = hashlib.sha256(golden).hexdigest()
        changed = {"source": {**content.source, "number": number}, "golden_sha256": digest}
        content = content.model_copy(update={**changed, "service": endpoint})
        dev.artifacts.put_release(content, golden)
        world.pin("dev", Pins(live=live.model_copy(update={"release": content.id})), endpoint)
        return content.id

    return choose


def _with_model(world: World, pin: ReleasePin, trained: Path) -> tuple[ReleasePin, Manifest, bytes]:
    """What a release of `trained` with the image of `pin` would be: its pin, manifest and golden requests."""
    artifacts = world.ports("dev").artifacts
    golden = (trained / "golden.json").read_bytes()
    evidence = manifest.parse_json((trained / "evidence.json").read_bytes(), "evidence.json")
    image = artifacts.manifest(pin.release).image
    content = manifest.compose("delays", image, evidence, golden)
    sha256 = content.model.sha256
    artifacts.put_model(sha256, trained / "model.tar.gz")
    return pin.model_copy(update={"model": artifacts.model_uri(sha256), "sha256": sha256}), content, golden
