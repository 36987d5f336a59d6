"""SageMaker's trio by the real engine: waiting, failing, silent rollbacks, and what a preview shows then."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.pulumi.toolchain import prepare_pulumi_home
from tests.sandbox.pulumi.engine import Project, interrupt, plugins_of
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


class Service:
    """A project that serves one endpoint with the world's tiny image."""

    def __init__(self, project: Project, world: World, name: str) -> None:
        self.project, self.world, self.name = project, world, name
        self.data = world.artifact("bytes")

    def program(self, versions: list[str], live: str, alarm: str = "errors") -> None:
        self.project.use(
            "serving",
            name=self.name,
            versions=versions,
            live=live,
            alarm=alarm,
            role=self.world.role,
            image=f"{self.world.uri}@{self.world.digest}",
            data=self.data,
        )

    def serve(self, versions: list[str], live: str) -> None:
        self.program(versions, live)
        self.project.up()


@pytest.fixture
def service(project: Project, world: World, request: pytest.FixtureRequest) -> Service:
    return Service(project, world, f"svc-{abs(hash(request.node.name)) % 10**8}")


def test_up_waits_until_the_endpoint_serves_and_changes_nothing_twice(service: Service) -> None:
    service.serve(["a"], "a")
    assert service.world.version(service.name) == "a"
    service.project.clean()


def test_a_new_release_updates_the_endpoint_and_then_deletes_what_nobody_names(service: Service) -> None:
    service.serve(["a"], "a")
    service.serve(["a", "b"], "b")
    assert service.world.version(service.name) == "b"
    service.serve(["b"], "b")
    service.project.clean()
    configs = service.world.sagemaker.list_endpoint_configs(NameContains=service.name)["EndpointConfigs"]
    assert [config["EndpointConfigName"] for config in configs] == [f"{service.name}-b"]


def test_a_silent_rollback_shows_as_a_change_afterwards(service: Service) -> None:
    service.serve(["a", "b"], "a")
    service.world.sandbox.faults("silent_rollback", endpoint=service.name)
    service.program(["a", "b"], "b")
    ran = service.project.pulumi("up", "--yes", "--skip-preview")
    # Whether the provider looks while SageMaker rolls back, or finds it InService already, is chance.
    assert ran.code == 0 or "unexpected state 'RollingBack'" in ran.text
    service.world.settled(service.name)
    service.project.pulumi("refresh", "--yes", "--skip-preview")
    assert service.world.version(service.name) == "a"
    state = service.project.resources()["endpoint"]["outputs"]
    assert state["endpointConfigName"] == f"{service.name}-a"
    steps = service.project.preview()
    assert [step["urn"].rpartition("::")[2] for step in steps["update"]] == ["endpoint"]


def test_a_move_by_hand_is_read_back_and_reconciled_without_an_update(service: Service) -> None:
    """As a rollback does it: one UpdateEndpoint, then the stack follows."""
    service.serve(["a", "b"], "b")
    deployment = service.world.describe(service.name)["LastDeploymentConfig"]
    back = deployment | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": f"{service.name}-way-back"}]}}
    service.world.update(service.name, f"{service.name}-a", DeploymentConfig=back)
    service.program(["a", "b"], "a", alarm="way-back")
    service.world.sandbox.reset_calls()
    service.project.up("--refresh")
    assert "UpdateEndpoint" not in service.world.sandbox.calls().get("sagemaker", {})
    service.project.clean()
    service.program(["a", "b"], "b")
    steps = service.project.preview()
    assert "update" in steps
    assert not any("replace" in op for op in steps), "the next update must not replace the endpoint"


def test_an_update_that_drops_the_auto_rollback_block_makes_the_next_plan_replace_the_endpoint(
    service: Service,
) -> None:
    """What Terraform's AWS provider does, so a rollback has to name an alarm."""
    service.serve(["a", "b"], "b")
    deployment = service.world.describe(service.name)["LastDeploymentConfig"]
    deployment.pop("AutoRollbackConfiguration")
    service.world.update(service.name, f"{service.name}-a", DeploymentConfig=deployment)
    steps = service.project.preview("--refresh")
    assert "endpoint" in [step["urn"].rpartition("::")[2] for step in steps["replace"]]


def test_a_first_create_that_fails_says_why_and_leaves_an_endpoint_of_which_the_state_knows_nothing(
    service: Service,
) -> None:
    """As the real provider: it keeps the id once the endpoint is in service, and not before."""
    service.world.sandbox.faults("fail_ping", endpoint=service.name)
    service.program(["a"], "a")
    ran = service.project.pulumi("up", "--yes", "--skip-preview")
    assert ran.code != 0
    said = "unexpected state 'Failed', wanted target 'InService'. last error: The primary container for "
    assert f"{said}production variant live did not pass the ping" in ran.text
    assert "Traceback" not in ran.text
    assert "endpoint" not in service.project.resources()
    again = service.project.pulumi("up", "--yes", "--skip-preview")
    assert again.code != 0
    assert "Cannot create already existing endpoint" in again.text
    service.world.sagemaker.delete_endpoint(EndpointName=service.name)
    service.project.up("--refresh")
    assert service.world.version(service.name) == "a"


@pytest.mark.parametrize("wait", ["released", "checking"])
def test_an_update_that_is_rolled_back_before_its_eyes_fails_and_the_next_up_tries_again(
    service: Service, wait: str
) -> None:
    """What is released ends at once, what is proposed waits for the end of the rollback."""
    service.serve(["a", "b"], "a")
    for kind in ("insufficient_capacity", "hold"):
        service.world.sandbox.faults(kind, endpoint=service.name)
    service.project.env["SLIPWAY_AWS_PROVIDER_WAIT"] = wait
    service.program(["a", "b"], "b")
    process = service.project.start("up", "--yes", "--skip-preview")
    if wait == "checking":
        status = lambda: service.world.describe(service.name)["EndpointStatus"]  # noqa: E731
        wait_for(lambda: status() == "RollingBack", "the rollback", limit=60)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        service.world.sandbox.clear_faults()
    text, _ = process.communicate(timeout=60)
    service.world.sandbox.clear_faults()
    assert process.returncode != 0, text
    said = {
        "released": "unexpected state 'RollingBack', wanted target 'InService'. last error: Unable to",
        "checking": f"serves {service.name}-a, not {service.name}-b as asked: it was rolled back: Unable to",
    }
    assert said[wait] in text
    service.world.settled(service.name)
    assert service.world.version(service.name) == "a"
    service.project.up("--refresh")
    assert service.world.version(service.name) == "b"


def test_a_wait_that_there_is_not_is_refused(service: Service) -> None:
    service.project.env["SLIPWAY_AWS_PROVIDER_WAIT"] = "forever"
    service.program(["a"], "a")
    ran = service.project.pulumi("preview")
    assert ran.code != 0
    assert "SLIPWAY_AWS_PROVIDER_WAIT: 'forever'" in ran.text


def test_ctrl_c_ends_a_wait_at_once_and_aws_goes_on(service: Service) -> None:
    service.world.sandbox.faults("slow_ping", endpoint=service.name, seconds=8)
    service.program(["a"], "a")
    process = service.project.start("up", "--yes", "--skip-preview")
    wait_for(
        lambda: service.world.sagemaker.list_endpoints(NameContains=service.name)["Endpoints"],
        "the endpoint to be created",
    )
    began = time.monotonic()
    interrupt(process)
    text, _ = process.communicate(timeout=30)
    assert time.monotonic() - began < 7, text
    assert process.returncode != 0
    assert "Traceback" not in text
    assert "KeyboardInterrupt" not in text
    assert "cancelled; AWS still works on it" in text
    service.world.settled(service.name)
    assert "endpoint" not in service.project.resources(), "its create was interrupted: the id is not kept"


def test_a_killed_engine_leaves_no_plugin_behind(service: Service, tmp_path: Path) -> None:
    home = tmp_path / "pulumi"
    prepare_pulumi_home(home)
    service.project.env["PULUMI_HOME"] = str(home)
    service.world.sandbox.faults("slow_ping", endpoint=service.name, seconds=8)
    service.program(["a"], "a")
    process = service.project.start("up", "--yes", "--skip-preview")
    wait_for(
        lambda: service.world.sagemaker.list_endpoints(NameContains=service.name)["Endpoints"],
        "the endpoint to be created",
    )
    assert len(plugins_of(home)) > 1
    process.kill()
    process.communicate(timeout=30)
    wait_for(lambda: not plugins_of(home), "the plugins to end", limit=10)
    service.world.settled(service.name)


def test_what_serves_can_be_imported(service: Service, make_project: Callable[..., Project]) -> None:
    service.serve(["a"], "a")
    variant = f"sagemaker/endpoint/{service.name}/variant/live/sagemaker:variant:DesiredInstanceCount"
    other = make_project("other")
    for kind, identifier in (
        ("aws:sagemaker/endpoint:Endpoint", service.name),
        ("aws:appautoscaling/target:Target", variant),
        ("aws:appautoscaling/policy:Policy", f"{variant}/{service.name}"),
    ):
        name = kind.rpartition(":")[2]
        ran = other.pulumi(
            *("import", kind, name, identifier),
            *("--yes", "--skip-preview", "--generate-code=false", "--protect=false"),
        )
        assert ran.code == 0, ran.text
        own = next(r for r in service.project.resources().values() if r["type"] == kind)
        imported = other.resources()[name]
        assert (imported["id"], imported["outputs"]) == (own["id"], own["outputs"])
