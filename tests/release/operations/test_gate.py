"""Gate: what a stage would say of a trained model, and nothing is changed by asking."""

import hashlib
import json

import pytest

from release.domain.errors import UsageError
from release.operations.gate import gate
from release.operations.release import Order, release
from tests.release.operations.conftest import EVIDENCE, MODEL
from tests.release.scenes import ENDPOINT, pins_now


def test_the_first_stage_is_asked_of_the_release_that_it_would_be(project, dev, staging, told):
    world = project(dev, staging)
    before, calls = pins_now(dev), len(dev.ledger.stored)
    found = gate(world, world.build / "model", None, None, told)
    assert (found.stage, found.endpoint, found.failed) == ("dev", ENDPOINT, ())
    assert (found.image, found.sha256) == (world.images.record.digest, hashlib.sha256(MODEL).hexdigest())
    assert (pins_now(dev), len(dev.ledger.stored)) == (before, calls)
    assert found.release == release(world, Order(world.build / "model"), told).release


def test_a_failed_gate_and_one_without_a_result_refuse_it(project, dev, told):
    world = project(dev, dev={"gates": ["calibration"]})
    evidence = {**EVIDENCE, "gates": [{"name": "auc", "passed": False, "reason": "0.5"}]}
    (world.build / "model" / "evidence.json").write_text(json.dumps(evidence))
    found = gate(world, world.build / "model", "dev", ENDPOINT, told)
    assert {one.name for one in found.failed} == {"auc", "calibration"}
    assert dev.ledger.stored == []


def test_a_yes_that_is_still_to_come_is_not_asked_for(project, dev, told):
    world = project(dev, dev={"approvals": 1})
    assert gate(world, world.build / "model", None, None, told).failed == ()


def test_a_folder_without_a_model_is_named(project, dev, told, tmp_path):
    with pytest.raises(UsageError, match=r"has no model\.tar\.gz"):
        gate(project(dev), tmp_path / "nothing", None, None, told)
