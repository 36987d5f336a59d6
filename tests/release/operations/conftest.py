"""What the operations' tests share: a project of three stages in memory."""

import gzip
import hashlib
import json

import pytest

from release.domain import approvals
from release.domain.stages import StageEntry
from release.operations.composing import Given
from tests.fakes.world import CI, FakeStage, FakeWorld, Told
from tests.release.operations.following import Follow, trained
from tests.release.scenes import pins_now, serving, sure
from tests.release.test_foreign import DIGEST, said
from tests.sandbox.images import tar

MODEL, GOLDEN = b"a model", b"{}"
EVIDENCE = {
    "golden_sha256": hashlib.sha256(GOLDEN).hexdigest(),
    "model": {"sha256": hashlib.sha256(MODEL).hexdigest(), "size": len(MODEL)},
    "input_schema": {},
    "source": {"git_commit": "abc"},
    "evaluation": {"auc": 0.7},
    "gates": [{"name": "auc", "passed": True}],
}


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def follow(monkeypatch):
    return Follow(monkeypatch)


@pytest.fixture
def project(tmp_path):
    """Makes a world of stages, dev first, in which a model was trained."""
    trained(
        tmp_path / "model",
        {"model.tar.gz": MODEL, "evidence.json": json.dumps(EVIDENCE).encode(), "golden.json": GOLDEN},
    )

    def make(*stages: FakeStage, **entries: dict) -> FakeWorld:
        listed = [StageEntry(name=stage.name, **entries.get(stage.name, {})) for stage in stages]
        world = FakeWorld(*stages, entries=tuple(listed))
        world.build = tmp_path
        return world

    return make


@pytest.fixture
def given(tmp_path):
    """What somebody else hands over; `changes` are those of its evidence."""

    def make(**changes) -> Given:
        artifact = tmp_path / "churn.tar.gz"
        artifact.write_bytes(gzip.compress(tar({"weights.json": b"[]"}), mtime=0))
        digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
        evidence = tmp_path / "churn.json"
        evidence.write_text(json.dumps(said(**({"artifact_sha256": digest} | changes))))
        return Given(f"registry.example/team/churn@{DIGEST}", artifact, evidence)

    return make


@pytest.fixture
def dev():
    return serving(2, 0, stage="dev")


@pytest.fixture
def coming(dev):
    """The release that is live in dev, of which dev knows that CI made it."""
    found = sure(pins_now(dev).live).release
    dev.makers.kept[found] = approvals.made(None, found, [CI])
    return found


@pytest.fixture
def staging():
    return serving(0, 1, stage="staging")


@pytest.fixture
def prod():
    return serving(0, 1, stage="prod")
