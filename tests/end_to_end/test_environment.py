"""A stage's data says with which variables its containers run; the way back keeps its own. One story."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.counts import SCORE
from monitoring.records.hours import HOUR
from monitoring.records.periods import served
from monitoring.storage.captured import CapturedRecords
from monitoring.storage.rows import RowTables
from release.adapters.captured_answers import CapturedAnswers
from release.domain import plan
from release.domain.captures import Aside, Captures, Counted, Reading, range_of
from release.domain.pins import Pins
from release.judge.cells import SCORE_BINS, unit_bins
from tests.end_to_end.world import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ASKED = {"OMP_NUM_THREADS": "1", "TEAM": 'it\'s: "ours"'}


def variables(world, pin):
    """What the containers of a pin's model are told."""
    name = plan.model_plan("staging", "delays", pin).name
    return world.client("sagemaker").describe_model(ModelName=name)["PrimaryContainer"].get("Environment", {})


def windows(world):
    """What the containers counted, by their own telemetry."""
    found = world.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/delays-staging",
        filterPattern='{ $.schema = "slipway-window/1" }',
    )
    return [json.loads(event["message"]) for event in found["events"]]


def test_a_container_knows_its_endpoint(world, fresh):
    fresh()
    world.slipway("promote", "staging")
    live = world.endpoint("staging").live
    assert variables(world, live) == {"SLIPWAY_ENDPOINT": "delays-staging"}
    wait_until(lambda: windows(world), "a window", patience=20)
    assert {window["EndpointName"] for window in windows(world)} == {"delays-staging"}


def test_other_variables_wait_for_apply_and_are_said_meanwhile(world, fresh):
    live = world.endpoint("staging").live
    world.edit("staging", workers=2, environment=ASKED)
    said = world.up("staging")
    assert "./slipway apply staging --endpoint delays" in said
    assert world.endpoint("staging").live == live
    (line,) = world.slipway("status", "staging").result["stages"]
    assert "has another OMP_NUM_THREADS, SAGEMAKER_MODEL_SERVER_WORKERS, TEAM in its" in str(line["notes"])


def test_apply_rolls_them_out_and_the_server_works_by_them(world, fresh):
    world.slipway("apply", "staging")
    live = world.endpoint("staging").live
    assert variables(world, live) == {
        **ASKED,
        "SAGEMAKER_MODEL_SERVER_WORKERS": "2",
        "SLIPWAY_ENDPOINT": "delays-staging",
    }
    world.assert_clean("staging", serves=live.release)

    def of_two():
        workers = [window["worker"].rpartition("-") for window in windows(world)]
        return {container for container, _, worker in workers if worker == "1"}

    wait_until(of_two, "a window of a container's second worker", patience=20)


def test_a_network_and_a_capture_are_rolled_out_likewise(world, fresh):
    to = f"s3://{world.ports('staging').artifacts.bucket}/captured/delays"
    network = {"subnets": ["subnet-2", "subnet-1"], "security_groups": ["sg-1"]}
    world.edit("staging", vpc=network, capture={"percent": 100, "to": to})
    world.slipway("apply", "staging")
    live = world.endpoint("staging").live
    name = plan.model_plan("staging", "delays", live).name
    found = world.client("sagemaker").describe_model(ModelName=name)["VpcConfig"]
    assert found == {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    world.assert_clean("staging", serves=live.release)
    world.slipway("invoke", "staging")
    artifacts = world.ports("staging").artifacts
    golden, _ = artifacts.golden(artifacts.manifest(live.release))
    request = next(one for one in golden.requests if one.content_type == "application/json")
    world.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="delays-staging", Body=request.body, ContentType=request.content_type
    )
    reading = Reading.of(golden, Counted.of(golden))
    captures = Captures(to, {"live": reading, "candidate": reading}, range_of(golden), 0.0)
    captured = read_back(world, captures)
    scored = set(unit_bins(np.array(request.scores), SCORE_BINS).tolist())

    def of_callers() -> int:
        return sum(captured()[each] for each in scored)

    # Files are written in turn: those with the golden requests of the commands may be there long before.
    wait_until(of_callers, "what was captured of the caller")
    assert of_callers() == 1
    assert captured()[Aside.OWN] >= 1


def read_back(world, captures):
    """Reads as a rollout does what was captured so far: how many answers by their score's bin, or by name."""

    def captured():
        now = datetime.now(UTC)
        reader = CapturedAnswers(
            world.client("s3"), captures, "delays-staging", now - timedelta(minutes=10), ()
        )
        reader.read(now)
        windows = [json.loads(one["message"]) for one in reader.told(now + timedelta(minutes=2), now)]
        found = Counter()
        for window in windows:
            found.update(dict(zip(window["score"]["bins"], window["score"]["counts"], strict=True)))
            found.update(window["captured"]["set_aside"])
        return found

    return captured


def test_what_was_captured_is_read_by_the_hour_once_into_counts_and_rows(world, fresh):
    ports, live = world.ports("staging"), world.endpoint("staging").live
    s3 = world.client("s3")
    captured = CapturedRecords(s3, ports.artifacts, "delays", "delays-staging")
    told = served(world.entries("staging"), "delays", live)
    first = captured.first([live])
    assert first is not None
    wanted = [first, first + HOUR]
    records = [record for hour in wanted if (record := captured.read(hour, told))]
    assert [record.hour for record in records] == wanted
    assert {cause for record in records for cause in record.troubles} == set()
    assert sum(record.own for record in records) >= 1
    [(counts, record)] = [(one, record) for record in records for one in record.counts if one.rows]
    features = {
        feature["name"] for feature in ports.artifacts.manifest(live.release).input_schema["features"]
    }
    assert (counts.release, set(counts.columns)) == (live.release, features | {SCORE})
    assert {column.rows for column in counts.columns.values()} == {counts.rows}
    tables = RowTables(s3, ports.artifacts.bucket, "delays")
    assert sum(batch.num_rows for batch in tables.rows(first, first + 2 * HOUR)) == counts.rows
    assert captured.read(record.hour, told) is None, "it is read already"
    again = captured.read(record.hour, told, again=True)
    assert again is not None
    assert again.counts == record.counts
    captured.move_watermark(first + 2 * HOUR)
    captured.move_watermark(first)
    assert captured.watermark() == first + 2 * HOUR
    assert captured.done(first, first + 2 * HOUR) == wanted
    assert captured.late(wanted, told) == {}


def test_the_way_back_is_to_the_model_that_was_there(world, fresh):
    second = fresh()
    world.slipway("promote", "staging")
    world.edit("staging", workers="auto")
    pins = world.endpoint("staging").pins
    made = world.made("staging", pins)
    world.slipway("rollback", "staging")
    assert world.endpoint("staging").previous.release == second
    assert world.made("staging", pins) == made
    world.slipway("rollback", "staging")
    world.clear(pins.previous.release)
    assert world.endpoint("staging").pins == pins


def test_what_an_earlier_version_rolled_out_keeps_its_model(world, fresh):
    """Its pin has no environment, and so has its model; an upgrade replaces neither."""
    pins = world.endpoint("staging").pins
    former = pins.previous.model_copy(update={"environment": {}, "vpc": None, "capture": None})
    world.pin("staging", Pins(live=pins.live, previous=former))
    world.up("staging")
    assert plan.model_plan("staging", "delays", former).name == f"delays-staging-{former.release}"
    assert variables(world, former) == {}
    world.slipway("rollback", "staging")
    assert world.endpoint("staging").live == former
    world.assert_clean("staging", serves=former.release)
