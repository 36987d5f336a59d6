"""Whoever runs `pulumi up`, and whenever: it moves no traffic, and deletes nothing that serves.

Promises 3 (a way back) and 6 (`pulumi preview` is clean after every command). The tests of this file build on
each other, in order.
"""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from release.domain import plan
from release.domain.ledger import Phase
from release.operations.promote import Order, promote
from tests.end_to_end.world import SKIP, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

PROMOTE = ("promote", "dev", "prod", *SKIP)
SLOW = 15
"""Seconds for which a new instance does not pass its ping: on a quiet machine, as long as a `pulumi up`."""


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage with a live and a previous release."""
    for _ in range(2):
        fresh()
        world.slipway(*PROMOTE)


def _state(world):
    """When each file and folder of Pulumi's state was changed last; a lock that came and went shows too."""
    folder = Path(urlsplit(world.env["PULUMI_BACKEND_URL"]).path)
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def _wanted(world):
    """The config that the open rollout moves to."""
    found = world.ports("prod").ledger.open()
    return plan.config_plan("prod", "delays", found.opened.after.live).name


def after_creating(event):
    return event.text.startswith("UpdateEndpoint")


def while_updating(event):
    return event.text == "SageMaker says Updating"


def after_verifying(event):
    return event.phase is Phase.RECONCILING


MOMENTS = (after_creating, while_updating, after_verifying)


def test_somebody_runs_pulumi_in_the_middle_of_a_rollout(world, fresh, prod, inside):
    """The rollout stands still at each moment, until Pulumi has looked, refreshed and gone up."""
    release, before = fresh(), world.endpoint("prod").pins
    made = world.made("prod", before)
    come = []

    def look(event):
        moment = next((found for found in MOMENTS if found not in come and found(event)), None)
        if moment is None:
            return
        come.append(moment)
        described, updates = world.describe("prod"), world.updates()
        assert (described["EndpointStatus"] == "Updating") == (moment is while_updating)
        assert "replac" not in world.up("prod", "--refresh", "--expect-no-changes")
        assert world.updates() == updates
        # SageMaker goes on with what the rollout asked for; nobody else asks it for anything.
        arrived = {described["EndpointConfigName"], _wanted(world)}
        assert world.describe("prod")["EndpointConfigName"] in arrived
        assert world.made("prod", before) == made
        world.assert_no_changes("prod")

    world.sandbox.faults("slow_ping", endpoint="delays-prod", seconds=SLOW)
    world.sandbox.reset_calls()
    order = Order("prod", "dev", "delays", skip=True, reason="the test is about prod")
    assert promote(inside(look), order, look).release == release
    assert come == list(MOMENTS)
    assert world.updates() == 1
    world.assert_clean("prod", serves=release)


def test_while_sagemaker_takes_an_update_back_it_changes_nothing_and_waits_for_nothing(world, prod):
    """The provider's own wait would fail here: it knows no RollingBack."""
    release, other = world.endpoint("prod").live.release, world.endpoint("prod").previous
    for kind in ("insufficient_capacity", "hold"):
        world.sandbox.faults(kind, endpoint="delays-prod")
    config = plan.config_plan("prod", "delays", other).name
    sagemaker = world.client("sagemaker")
    sagemaker.update_endpoint(EndpointName="delays-prod", EndpointConfigName=config)
    wait_until(lambda: world.describe("prod")["EndpointStatus"] == "RollingBack", "the rollback")
    world.up("prod", "--refresh", "--expect-no-changes")
    assert world.describe("prod")["EndpointStatus"] == "RollingBack"
    world.sandbox.clear_faults()
    wait_until(lambda: world.describe("prod")["EndpointStatus"] == "InService", "its end")
    world.assert_clean("prod", serves=release)


def test_it_needs_no_memory_of_the_last_deployment(world, prod):
    """SageMaker keeps how an endpoint was moved last, or forgets it: nothing is planned from it."""
    release = world.endpoint("prod").live.release
    world.sandbox.faults("no_last_deployment_config", endpoint="delays-prod")
    assert "LastDeploymentConfig" not in world.describe("prod")
    world.assert_clean("prod", serves=release)
    world.sandbox.reset_calls()
    world.up("prod", "--refresh", "--expect-no-changes")
    assert world.updates() == 0
    back = world.slipway("rollback", "prod").result["release"]
    world.assert_clean("prod", serves=back)


def test_another_instance_type_is_said_and_moves_nothing(world, prod):
    release, config = world.endpoint("prod").live.release, world.describe("prod")["EndpointConfigName"]
    world.edit("prod", instances={"type": "ml.c7i.large"})
    world.sandbox.reset_calls()
    said = world.up("prod", "--expect-no-changes")
    assert "./slipway apply prod --endpoint delays" in said
    assert world.updates() == 0
    assert world.describe("prod")["EndpointConfigName"] == config
    [line] = world.slipway("status", "prod").result["stages"]
    assert any("./slipway apply prod --endpoint delays" in note for note in line["notes"])
    world.assert_clean("prod", serves=release)


def test_apply_brings_the_other_instance_type_as_guarded_as_a_release(world, prod):
    release, before = world.endpoint("prod").live.release, world.describe("prod")["EndpointConfigName"]
    world.sandbox.reset_calls()
    assert world.slipway("apply", "prod").result["changed"] is True
    assert world.updates() == 1
    now = world.describe("prod")
    assert now["EndpointConfigName"] != before
    config = world.client("sagemaker").describe_endpoint_config(EndpointConfigName=now["EndpointConfigName"])
    assert config["ProductionVariants"][0]["InstanceType"] == "ml.c7i.large"
    deployment = now["LastDeploymentConfig"]
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["Type"] == "CANARY"
    assert len(deployment["AutoRollbackConfiguration"]["Alarms"]) == 2
    [line] = world.slipway("status", "prod").result["stages"]
    # What a rollback left before stays fenced, and is noted; the instance type is applied.
    assert not any("./slipway apply" in note for note in line["notes"])
    world.assert_clean("prod", serves=release)
    assert world.slipway("apply", "prod").result["changed"] is False


def test_other_bounds_are_for_autoscaling_alone(world, prod):
    release, bounds = world.endpoint("prod").live.release, world.endpoint("prod").instances
    changed = {"min": bounds.min + 1, "max": bounds.max + 1}
    world.edit("prod", instances=changed)
    done = world.pulumi("preview", "--stack", "prod", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    steps = {s["op"]: s["newState"]["type"] for s in json.loads(done.stdout)["steps"] if s["op"] != "same"}
    assert steps == {"update": "aws:appautoscaling/target:Target"}
    world.sandbox.reset_calls()
    world.up("prod")
    assert world.updates() == 0
    [target] = world.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=["endpoint/delays-prod/variant/live"]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == tuple(changed.values())
    world.assert_clean("prod", serves=release)


def test_a_plan_says_what_it_would_do_and_fails_for_what_a_pin_names(world, prod):
    """A previous that somebody took from the file by hand is what the next `pulumi up` would delete."""
    pins, file = world.endpoint("prod").pins, world.file("prod").read_text()
    state = _state(world)
    clean, new = world.slipway("plan", "prod", "staging").result["stages"]
    assert (clean["changes"], clean["touched"], clean["failure"]) == ([], [], None)
    assert (new["made"], new["failure"]) == (False, None)
    world.ports("prod").file.write("delays", pins.model_copy(update={"previous": None}))
    [found] = world.slipway("plan", "prod", expected=1).result["stages"]
    world.file("prod").write_text(file)
    wanted = plan.config_plan("prod", "delays", pins.previous).name
    assert wanted in {one["change"]["name"] for one in found["touched"]}
    for one in found["touched"]:
        assert one["change"]["deed"] == "delete"
        assert [(by["role"], by["release"]) for by in one["named_by"]] == [
            ("previous", pins.previous.release)
        ]
        assert one["next_step"].endswith("./slipway sync prod")
    assert _state(world) == state, "who may only read Pulumi's state can plan"
    world.assert_at_rest("prod", serves=pins.live.release)


def test_a_plan_tells_of_a_protected_endpoint_too_and_of_every_other_stage(world, prod):
    """Where the engine refuses half-way, what it would have done is told; a stage without access is named."""
    file = world.file("prod").read_text()
    world.set("prod", endpoints={"fares": {}})
    world.set("staging", account="999999999999")
    done = world.slipway("plan", expected=1)
    world.file("prod").write_text(file)
    dev, staging, lost = done.result["stages"]
    assert dev["touched"] == []
    assert "999999999999" in staging["failure"]
    assert ("Endpoint", "delays-prod") in {
        (one["change"]["type"].rpartition(":")[2], one["change"]["name"]) for one in lost["touched"]
    }
    assert lost["touched"][0]["next_step"].startswith("Put delays back")
    assert world.slipway("plan", "staging", expected=4).result["passes"] is False
