"""The DAG, run by Airflow on the sandbox: from the flights' data to a release that staging serves.

The tests of this file build on each other, in order: it is one project's life.
"""

from collections.abc import Generator

import pytest

from tests.end_to_end.world import World, kill_group
from tests.integrations.airflow.airflow import Airflow, Tasks, needed
from tests.integrations.clone import GOOD, WORSE, ask, on_remote, worker
from tests.integrations.running import pinned, running

pytestmark = [pytest.mark.sandbox, pytest.mark.long, needed]

OUTAGE = "ended with 4. "
MOVES = "+ Endpoint delays-staging"
TAKEN = "The same was trained before"
STAGES = ("dev", "staging")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Generator[World]:
    """A sandbox, and a clone as a worker keeps one."""
    with worker(tmp_path_factory.mktemp("airflow")) as made:
        yield made


@pytest.fixture(scope="module")
def airflow(world, tmp_path_factory) -> Airflow:
    """Airflow, whose tasks find the sandbox as they would find AWS."""
    return Airflow(tmp_path_factory.mktemp("airflow-home"), world.project, world.sandbox.env).migrate()


@pytest.fixture(scope="module")
def killed(world, airflow) -> tuple[str, Tasks]:
    """The release of a run that met an outage of the registry, tried again, and whose worker was killed in
    the rollout to staging; and how its tasks stood then."""
    world.sandbox.faults("registry_outage")
    process = airflow.start()
    airflow.seen(process, OUTAGE)
    world.sandbox.clear_faults()
    airflow.seen(process, MOVES)
    kill_group(process)
    return world.endpoint("staging").candidate.release, airflow.tasks()


@pytest.fixture(scope="module")
def live(world, airflow, killed) -> str:
    """The release that staging serves after the next run."""
    said = airflow.run()
    assert set(airflow.tasks().values()) == {("success", 1)}, said
    assert TAKEN in said
    return killed[0]


def test_an_outage_is_waited_for_by_trying_again(killed):
    tasks = killed[1]
    state, tries = tasks["release"]
    assert state == "success"
    assert tries > 1
    assert {tasks[name] for name in ("ingest", "validate", "train", "gate")} == {("success", 1)}
    assert tasks["promote"] == ("running", 1), "it was killed there"


def test_the_next_run_goes_on_where_the_worker_was_killed(world, live):
    for stage in STAGES:
        world.assert_at_rest(stage, live)
        assert f"release: {live}" in on_remote(world.project, stage).replace('"', "")


def test_what_runs_in_both_stages_is_what_was_trained_and_proven(world, live):
    manifest = world.ports("dev").artifacts.manifest(live)
    for stage in STAGES:
        assert running(world, stage) == pinned(world, stage)
        assert pinned(world, stage).digest == manifest.image.digest
        assert pinned(world, stage).sha256 == manifest.model.sha256


def test_a_worse_model_ends_at_its_gates_and_is_not_tried_again(world, airflow, live):
    ask(world.project, WORSE)
    before = {stage: len(world.entries(stage)) for stage in STAGES}
    said = airflow.run()
    tasks = airflow.tasks()
    assert tasks["train"] == ("failed", 1), said
    assert {tasks[name][0] for name in ("gate", "release", "promote", "push")} == {"upstream_failed"}
    assert "It is refused" in said
    assert {stage: len(world.entries(stage)) for stage in STAGES} == before
    world.assert_at_rest("dev", live)


def test_after_a_refused_run_the_same_data_is_the_same_release_and_nothing_is_done_twice(
    world, airflow, live
):
    ask(world.project, GOOD)
    before = {stage: len(world.entries(stage)) for stage in STAGES}
    world.sandbox.reset_calls()
    said = airflow.run()
    assert set(airflow.tasks().values()) == {("success", 1)}, said
    assert TAKEN in said
    assert {stage: world.endpoint(stage).live.release for stage in STAGES} == dict.fromkeys(STAGES, live)
    assert world.updates() == 0
    assert {stage: len(world.entries(stage)) for stage in STAGES} == before
    assert running(world, "staging") == pinned(world, "staging")
