"""What a stage asks of whoever enters it holds for every command that brings a release."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from release.domain import approvals
from release.domain.errors import ReleaseFailed
from release.domain.ledger import Opened
from release.domain.pins import EndpointSettings
from release.domain.said import Caller
from release.domain.stages import StageEntry
from release.operations import promote, release
from release.operations.approve import approve
from tests.fakes.world import CI, FakeStage, FakeWorld, Told

GOLDEN = b'{"tolerance": 0, "requests": []}'


def project(**asked: object) -> tuple[FakeWorld, FakeStage]:
    """`dev` with a live release, and `prod`, which asks for something."""
    dev, prod = (FakeStage(name, {"delays": EndpointSettings()}) for name in ("dev", "prod"))
    dev.file.endpoints["delays"] = EndpointSettings(live=dev.pin(1))
    asking = StageEntry.model_validate({"name": "prod"} | asked)
    return FakeWorld(dev, prod, entries=(StageEntry(name="dev"), asking)), prod


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """What training leaves."""
    archive = b"a model"
    evidence = {
        "model": {"sha256": hashlib.sha256(archive).hexdigest(), "size": len(archive)},
        "input_schema": {},
        "source": {},
        "evaluation": {},
        "gates": [],
        "golden_sha256": hashlib.sha256(GOLDEN).hexdigest(),
    }
    (tmp_path / "model.tar.gz").write_bytes(archive)
    (tmp_path / "golden.json").write_bytes(GOLDEN)
    (tmp_path / "evidence.json").write_text(json.dumps(evidence))
    return tmp_path


Bring = Callable[[FakeWorld], object]


@pytest.fixture(params=["promote", "release"])
def bring(request: pytest.FixtureRequest, trained: Path) -> Bring:
    """Each command that brings a release to prod."""

    def promoted(world: FakeWorld) -> object:
        return promote.promote(world, promote.Order("prod"), Told())

    def released(world: FakeWorld) -> object:
        order = release.Order(trained, "prod", skip=True, reason="agreed")
        return release.release(world, order, Told())

    return promoted if request.param == "promote" else released


def test_without_a_persons_yes_nothing_is_opened_and_with_it_the_ledger_says_who(bring):
    """As the refusal says it: by somebody else than whoever brings it."""
    world, prod = project(approvals=1)
    with pytest.raises(ReleaseFailed, match="nobody said yes") as caught:
        bring(world)
    assert prod.ledger.events == ["refused"]
    [refused] = [stored.entry.subject.release for stored in prod.ledger.stored]
    assert approvals.command(refused, "prod") in str(caught.value)
    for name in ("ada", "bob"):
        prod.caller = Caller(arn=f"arn:aws:iam::123456789012:user/{name}")
        approve(world, "prod", refused, "agreed", Told())
    prod.caller = Caller(arn=CI)
    bring(world)
    opened = next(s.entry.what for s in prod.ledger.stored if isinstance(s.entry.what, Opened))
    assert [one.reason for one in opened.approvals][:1] == ["agreed"]


def test_a_release_that_was_never_live_in_the_stage_before_has_not_soaked(bring):
    world, prod = project(soak_minutes=30)
    with pytest.raises(ReleaseFailed, match="soak"):
        bring(world)
    assert prod.sagemaker.endpoints == {}
