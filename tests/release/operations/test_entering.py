"""What a stage asks of whoever enters it holds for every command that brings a release."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from release.domain.errors import ReleaseFailed
from release.domain.ledger import Opened, Refused
from release.domain.pins import EndpointSettings
from release.domain.stages import StageEntry
from release.operations import promote, release
from tests.fakes.world import FakeStage, FakeWorld, Told

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


Bring = Callable[[FakeWorld, str], object]


@pytest.fixture(params=["promote", "release"])
def bring(request: pytest.FixtureRequest, trained: Path) -> Bring:
    """Each command that brings a release to prod, approved by somebody or by nobody."""

    def promoted(world: FakeWorld, by: str) -> object:
        return promote.promote(world, promote.Order("prod", approved_by=by, reason="agreed"), Told())

    def released(world: FakeWorld, by: str) -> object:
        order = release.Order(trained, "prod", skip=True, approved_by=by, reason="agreed")
        return release.release(world, order, Told())

    return promoted if request.param == "promote" else released


def test_without_a_persons_yes_nothing_is_opened(bring):
    world, prod = project(approval=True)
    with pytest.raises(ReleaseFailed, match="--approved-by"):
        bring(world, "")
    assert [type(stored.entry.what) for stored in prod.ledger.stored] == [Refused]


def test_with_it_the_release_lands_and_the_ledger_says_who(bring):
    world, prod = project(approval=True)
    bring(world, "ada")
    opened = prod.ledger.stored[0].entry.what
    assert isinstance(opened, Opened)
    assert opened.approval is not None
    assert (opened.approval.by, opened.approval.reason) == ("ada", "agreed")


def test_a_release_that_was_never_live_in_the_stage_before_has_not_soaked(bring):
    world, prod = project(soak_minutes=30)
    with pytest.raises(ReleaseFailed, match="soak"):
        bring(world, "")
    assert prod.sagemaker.endpoints == {}
