"""A release that breaks what live promises its callers is refused, by real commands and real evidence."""

import os

import pytest
from ruamel.yaml import YAML

from demo import bad_models

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


def callers_know(world, stage, release):
    """A person names the release in the stage's entry of Pulumi.yaml."""
    yaml, path = YAML(), world.project / "Pulumi.yaml"
    document = yaml.load(path)
    [entry] = [entry for entry in document["stages"] if entry["name"] == stage]
    entry["callers_know"] = [release]
    yaml.dump(document, path)


def test_another_promise_enters_a_stage_only_when_its_callers_know(world, trained, tmp_path):
    served = world.slipway("release", "--model", os.fspath(trained["logistic"])).result["release"]
    world.slipway("promote", "staging")
    other = bad_models.with_evidence(
        trained["boosting"],
        tmp_path / "other",
        lambda evidence: evidence["input_schema"]["output"].update(kind="number"),
    )
    order = ("release", "--model", os.fspath(other))
    done = world.slipway(*order, expected=1)
    assert (
        "schema: it breaks what live promises: its answer is a number, and was a probability" in done.stderr
    )
    world.assert_at_rest("dev", serves=served)
    assert world.events("dev")[-1] == "refused"
    release = world.entries("dev")[-1].subject.release
    assert f'callers_know: ["{release}"]' in done.stderr

    callers_know(world, "dev", release)
    assert world.slipway(*order).result["release"] == release
    done = world.slipway("promote", "staging", expected=1)
    assert "schema: it breaks what live promises" in done.stderr
    world.assert_at_rest("staging", serves=served)
    callers_know(world, "staging", release)
    world.slipway("promote", "staging")
    world.assert_at_rest("staging", serves=release)
    [moved] = world.slipway("history", "staging", "--last", "1").result["rollouts"]
    assert moved["callers_know"] == ["its answer is a number, and was a probability"]

    tumours = {"service": "tumours", "features": [{"name": "radius", "kind": "number", "nullable": False}]}
    strange = bad_models.with_evidence(
        trained["logistic"], tmp_path / "strange", lambda evidence: evidence["input_schema"].update(tumours)
    )
    done = world.slipway("release", "--model", os.fspath(strange), expected=1)
    assert "it is another service's model: tumours reads none of the 18 features of delays" in done.stderr
    world.assert_at_rest("dev", serves=release)
    world.slipway("rollback", "staging")
    world.assert_at_rest("staging", serves=served)
