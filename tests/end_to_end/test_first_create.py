"""A stage's first release, of which Pulumi's state may know nothing while SageMaker has its endpoint.

The AWS provider keeps an endpoint's id once it is in service: one whose create was interrupted, or failed, is
in no state. Nothing is left of either that the same command does not finish.
"""

import json
import os
import signal

import pytest

from tests.end_to_end.world import SKIP, wait_until

pytestmark = pytest.mark.sandbox


def command(trained, stage):
    """A stage's first release."""
    skip = () if stage == "dev" else SKIP
    return ("release", "--stage", stage, "--model", os.fspath(trained["logistic"]), *skip)


def forget_pending(world, stage):
    """Take the operations that were under way out of the stack's state."""
    made = world.pulumi("stack", "export", "--stack", stage)
    state = json.loads(made.stdout)
    state["deployment"].pop("pending_operations", None)
    file = world.project / "state.json"
    file.write_text(json.dumps(state))
    world.pulumi("cancel", "--yes", "--stack", stage)
    done = world.pulumi("stack", "import", "--stack", stage, "--file", os.fspath(file))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("stage", "how"), [("dev", "interrupted"), pytest.param("staging", "forgotten", marks=pytest.mark.long)]
)
def test_a_first_create_that_did_not_end_is_finished_by_the_same_command(world, trained, stage, how):
    """Ctrl-C while it is created; and the state as it is left where the engine still heard the provider."""
    sagemaker, name = world.client("sagemaker"), f"delays-{stage}"
    world.sandbox.faults("hold", endpoint=name)
    process = world.start(*command(trained, stage), "--json")
    wait_until(lambda: sagemaker.list_endpoints(NameContains=name)["Endpoints"], "the endpoint to be created")
    os.killpg(process.pid, signal.SIGINT)
    world.ended(process, expected=130)
    if how == "forgotten":
        forget_pending(world, stage)
    created = sagemaker.describe_endpoint(EndpointName=name)["CreationTime"]
    world.sandbox.clear_faults()
    done = world.slipway(*command(trained, stage))
    assert f"adopting {name}" in done.stderr
    world.assert_clean(stage, serves=done.result["release"])
    found = sagemaker.describe_endpoint(EndpointName=name)
    assert found["CreationTime"] == created, "it was deleted and made again"


@pytest.mark.long
def test_what_is_in_no_state_and_served_nobody_is_gone_when_its_release_is_taken_back(world, trained):
    sagemaker = world.client("sagemaker")
    world.sandbox.faults("fail_ping", endpoint="delays-prod")
    done = world.slipway(*command(trained, "prod"), expected=1)
    assert "did not pass the ping" in done.result["error"]
    assert sagemaker.list_endpoints(NameContains="prod")["Endpoints"] == []
    world.assert_clean("prod", serves=None)
