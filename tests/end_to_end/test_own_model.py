"""A team's own service, of another kind and on other data, goes the way of docs/own-model.md to its callers.

The document's commands are run as they stand, in a project folder that lies elsewhere.
"""

import json
import os
from pathlib import Path

import pytest

from demo.bad_models import with_evidence
from demo.project import AT_ONCE
from release.adapters import stage_file
from release.domain import stage as stage_settings
from release.domain.errors import UsageError
from sandbox.aws.ecr.authorization import docker_config
from tests.conftest import ROOT
from tests.end_to_end.foreign import container
from tests.end_to_end.test_model_registry import registry
from tests.end_to_end.test_readme import BLOCK, run

pytestmark = pytest.mark.sandbox

MOST_OWN_LINES = 100


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> tuple[Path, list[str]]:
    """The project in which the document's commands were run, and what they printed."""
    project = tmp_path_factory.mktemp("walk") / "diabetes"
    blocks = BLOCK.findall((ROOT / "docs" / "own-model.md").read_text())
    script = "\n".join(blocks).replace("../diabetes", str(project))
    assert script.count(str(project)) == 2
    try:
        return project, run(script, ROOT, dict(os.environ)).splitlines()
    finally:
        run("./slipway sandbox down", project, dict(os.environ))


@pytest.mark.long
def test_the_walk_ends_with_an_answer_in_staging(walked):
    project, printed = walked
    [answer] = json.loads(printed[-1])["predictions"]
    golden = json.loads((project / ".build/model/golden.json").read_text())
    assert answer == pytest.approx(golden["requests"][0]["scores"][0], abs=golden["tolerance"])
    assert answer > 25, "it is a number, and no probability"


@pytest.mark.long
def test_the_same_release_of_that_service_is_live_in_both_stages(walked):
    project, _ = walked
    evidence = json.loads((project / ".build/model/evidence.json").read_text())
    assert evidence["input_schema"]["service"] == "diabetes"
    releases = set()
    for stage in ("dev", "staging"):
        settings = stage_settings.parse(stage, stage_file.read_config(stage_file.path_of(project, stage)))
        assert list(settings.endpoints) == ["diabetes"]
        live = settings.endpoints["diabetes"].live
        assert live is not None
        assert live.sha256 == evidence["model"]["sha256"]
        releases.add(live.release)
    assert len(releases) == 1
    card = (project / ".build/model/card.html").read_text()
    assert f"Model card of {releases.pop()}" in card
    assert evidence["source"]["data_sha256"] in card


@pytest.mark.long
def test_what_was_written_for_it_is_one_small_folder(walked):
    project, _ = walked
    own = project / "model" / "services" / "diabetes"
    assert sorted(path.name for path in own.glob("*.py")) == ["__init__.py", "service.py", "test_service.py"]
    lines = sum(path.read_text().count("\n") for path in (own / "__init__.py", own / "service.py"))
    assert lines < MOST_OWN_LINES
    assert not (ROOT / "model" / "services" / "diabetes").exists()


@pytest.mark.long
def test_it_goes_its_way_beside_the_flights_by_the_name_of_its_endpoint(world, trained):
    """Two services in one project: each has an endpoint, of another name than its own, and moves alone."""
    for stage in ("dev", "staging"):
        world.edit(stage, "toys", **{"rollout": AT_ONCE, "instances": {"type": "ml.m7i.large"}})
    world.slipway("release", "--endpoint", "delays", "--model", os.fspath(trained["logistic"]))
    flights = world.endpoint("dev").live.release
    world.slipway("new-model", "wooden_toys")
    world.slipway("train", "--service", "wooden_toys", "--out", "toys-model")
    toys = world.slipway("release", "--endpoint", "toys", "--model", "toys-model").result["release"]
    world.slipway("promote", "staging", "--endpoint", "toys")
    answer = world.slipway("invoke", "staging", "--endpoint", "toys").result["answer"]
    golden = json.loads((world.project / "toys-model" / "golden.json").read_text())
    assert answer["predictions"] == pytest.approx(golden["requests"][0]["scores"], abs=golden["tolerance"])
    version = registry(world).get_model_version_by_alias("wooden_toys", "staging")
    assert version.tags["slipway.release"] == toys
    card = world.slipway("card", toys).result
    assert card["stages"] == ["dev", "staging"]
    assert version.run_id in card["markdown"]
    world.assert_at_rest("staging", toys, "toys")
    world.assert_at_rest("dev", toys, "toys")
    world.assert_at_rest("dev", flights)
    world.assert_at_rest("staging", None)


@pytest.mark.long
def test_a_service_of_several_classes_is_released_compared_and_promoted(world):
    """Each row is answered with a probability of each class, and a candidate of the same classes follows."""
    for stage in ("dev", "staging"):
        world.edit(stage, "wines", **{"rollout": AT_ONCE, "instances": {"type": "ml.m7i.large"}})
    world.slipway("new-model", "wines", "--kind", "multiclass")
    for model in ("logistic", "forest"):
        world.slipway("train", "--service", "wines", "--model", model, "--out", f"wines-{model}")
        wines = world.slipway("release", "--endpoint", "wines", "--model", f"wines-{model}").result["release"]
        world.slipway("promote", "staging", "--endpoint", "wines")
        answer = world.slipway("invoke", "staging", "--endpoint", "wines").result["answer"]
        golden = json.loads((world.project / f"wines-{model}" / "golden.json").read_text())
        [found], [expected] = answer["predictions"], golden["requests"][0]["scores"]
        assert found == pytest.approx(expected, abs=golden["tolerance"])
        assert sum(found) == pytest.approx(1)
        world.assert_at_rest("staging", wines, "wines")


def test_a_model_that_the_server_cannot_serve_is_refused_before_anything_is_made(world, trained, tmp_path):
    def of_a_ranking(evidence):
        evidence["input_schema"]["output"]["kind"] = "ranking"

    def now():
        told = world.events("dev") if world.ports("dev").artifacts.exists() else None
        return told, world.file("dev").read_bytes()

    ranking = with_evidence(trained["logistic"], tmp_path, of_a_ranking)
    before = now()
    done = world.slipway("release", "--endpoint", "delays", "--model", str(ranking), expected=2)
    assert "answers with 'ranking'" in done.result["error"]
    assert now() == before


def test_an_image_of_somebody_else_is_found_with_their_credentials_and_copied_by_its_digest(
    world, inside, tmp_path, monkeypatch
):
    """By another name of its registry's host, so that the stage's own credentials do not fit."""
    host = container(world.sandbox, tmp_path).image.replace("127.0.0.1", "localhost")
    registry, images = world.ports("dev").registry, inside(lambda event: None).images
    registry.repository = "copied"
    world.client("ecr").create_repository(repositoryName=registry.repository)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(UsageError, match="cannot be read") as stranger:
        images.find(host, registry)
    assert "crane auth login localhost:" in stranger.value.next_step
    (tmp_path / "config.json").write_text(docker_config(host.partition("/")[0]))
    found = images.find(host, registry)
    found.push(registry, "0123456789ab")
    assert registry.has(host.partition("@")[2])
    assert (found.record.runtime, found.record.size > 0) == ("container", True)
