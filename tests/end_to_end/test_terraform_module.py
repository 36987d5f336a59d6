"""A stage's pins by Terraform or OpenTofu: the module makes, moves and deletes what Pulumi and rollouts do.

The commands, the provider and what serves are real. The tests of this file build on each other, in order.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from release.domain import landed, names, plan
from release.domain.pins import Pins
from release.rollout.smoke import smoke
from scripts.shared.cli import STALE
from tests.end_to_end.world import SKIP, World
from tests.integrations.terraform.program import Module
from tests.sandbox.clients.environments import clean_environment

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

STAGE = "prod"
ENDPOINT = 'module.stage.aws_sagemaker_endpoint.guarded["delays"]'
REFUSED = "cannot be destroyed"
"""What terraform and OpenTofu say of a plan that would destroy what they are told to keep."""


@pytest.fixture(scope="module")
def in_terraform(world: World, tmp_path_factory):
    """Makes a stage's folder beside the module, its provider in this sandbox; skips without terraform."""

    def make(root: str = ".", program: str = "") -> Module:
        folder = tmp_path_factory.mktemp("terraform")
        return Module(folder, clean_environment(world.sandbox.env, folder), root, program)

    return make


@pytest.fixture(scope="module")
def module(in_terraform) -> Module:
    """The stage's root module, with nothing in its state yet."""
    return in_terraform()


@pytest.fixture(scope="module")
def adopted(in_terraform) -> Module:
    """The root module that takes over what Pulumi made."""
    return in_terraform("adopt")


def exported(world: World) -> Path:
    """Export prod; returns the folder, which is as the pins say."""
    world.slipway("export", STAGE, "--format", "terraform")
    world.slipway("export", STAGE, "--format", "terraform", "--check")
    return world.project / "integrations" / "terraform" / "stages" / STAGE


def serves_as_pinned(world: World) -> None:
    """SageMaker serves the live pin by config, weights, digest and bytes, and answers the golden requests."""
    ports, pins = world.ports(STAGE), world.endpoint(STAGE).pins
    assert pins.live is not None
    wanted = plan.endpoint_plan(STAGE, "delays", pins)
    assert landed.compare(wanted.endpoint, wanted.live, ports.endpoints.describe(wanted.endpoint)) == []
    golden, _ = ports.artifacts.golden(ports.artifacts.manifest(pins.live.release))
    assert smoke(ports.endpoints, wanted.endpoint, golden) is None
    assert running(world) == {(pins.live.digest, pins.live.sha256)}
    world.made(STAGE, pins)


def running(world: World) -> set[tuple[str, str]]:
    """Image digest and artifact checksum of each server process of the endpoint, as the process has them.

    Its program is in the folder of the image, its model in that of the artifact, which the sandbox unpacked;
    it names them by digests of the bytes that it read.
    """
    found = set()
    name = names.endpoint("delays", STAGE)
    [endpoint] = [each for each in world.sandbox.status()["endpoints"] if each["name"] == name]
    for fleet in (fleet for deployment in endpoint["deployments"] for fleet in deployment["fleets"]):
        for instance in fleet["instances"]:
            process = Path("/proc", str(instance["pid"]))
            program = re.search(r"/images/([0-9a-f]{64})/root/", (process / "cmdline").read_text())
            model = re.search(r"SM_MODEL_DIR=\S*/models/([0-9a-f]{64})\0", (process / "environ").read_text())
            assert program is not None
            assert model is not None
            found.add((f"sha256:{program[1]}", model[1]))
    return found


def brought(world: World, release: str) -> None:
    """Pin what is live in dev in prod, with all it needs there, as if a rollout had landed it."""
    dev, prod = world.ports("dev"), world.ports(STAGE)
    coming, live = world.endpoint("dev").live, world.endpoint(STAGE).live
    assert coming is not None
    assert coming.release == release
    assert live is not None
    content = dev.artifacts.manifest(release)
    prod.artifacts.copy_model(dev.artifacts, coming.model, coming.sha256)
    prod.artifacts.put_release(content, dev.artifacts.golden(content)[1])
    own = {
        "release": release,
        "model": prod.artifacts.model_uri(coming.sha256),
        "sha256": coming.sha256,
    }
    world.pin(STAGE, Pins(live=live.model_copy(update=own), previous=live))


def kinds(planned: dict[str, str]) -> dict[str, set[str]]:
    """Which kinds of resources each action is planned for."""
    found: dict[str, set[str]] = {}
    for address, action in planned.items():
        kind = address.removeprefix("module.stage.").partition(".")[0]
        found.setdefault(action, set()).add(kind)
    return found


MADE = {"aws_sagemaker_model", "aws_sagemaker_endpoint_configuration"}
GUARDED = MADE | {"aws_cloudwatch_metric_alarm"}


NOTED = {"terraform_data"}
"""What a state's first apply makes besides: which stage it is of."""


def handed_over(world: World, module: Module) -> None:
    """Import the endpoint that there is, to move it by terraform from now on."""
    module.take(exported(world))
    module.run("import", ENDPOINT, names.endpoint("delays", STAGE))


def test_an_endpoint_that_was_never_moved_under_guardrails_would_be_replaced_and_is_kept(
    world, fresh, in_terraform
):
    fresh()
    world.slipway("promote", "dev", STAGE, *SKIP)
    assert "LastDeploymentConfig" not in world.describe(STAGE)
    module = in_terraform()
    handed_over(world, module)
    assert REFUSED in module.run("plan", "-no-color", status=1)


def test_one_that_was_moved_under_them_is_handed_over_unchanged(world, fresh, in_terraform):
    fresh()
    world.slipway("promote", "dev", STAGE, *SKIP)
    module = in_terraform()
    handed_over(world, module)
    assert ENDPOINT not in module.plan(exported(world))


def test_what_pulumi_made_is_imported_and_nothing_changed(world, adopted):
    planned = adopted.plan(exported(world))
    assert kinds(planned) == {"import": MADE | {"aws_sagemaker_endpoint"}, "create": NOTED}
    adopted.apply()
    assert adopted.plan(exported(world)) == {}


def test_a_promotion_makes_the_export_stale_and_the_new_one_is_imported_too(world, fresh, adopted):
    fresh()
    world.slipway("promote", "dev", STAGE, *SKIP)
    found = world.slipway("export", STAGE, "--format", "terraform", "--check", expected=STALE)
    assert found.result["mends"] == f"./slipway export {STAGE} --format terraform"
    assert kinds(adopted.plan(exported(world))) == {"import": MADE}
    adopted.apply()
    assert adopted.plan(exported(world)) == {}
    world.assert_clean(STAGE, serves=world.endpoint(STAGE).live.release)


def test_nothing_that_slipway_moves_is_destroyed_from_where_it_is_adopted(world, adopted, tmp_path):
    """Not by a destroy, nor with an export of another day, which does not name what serves."""
    serves = world.describe(STAGE)["EndpointConfigName"]
    assert REFUSED in adopted.run("destroy", "-auto-approve", "-no-color", status=1)
    place = tmp_path / STAGE
    shutil.copytree(exported(world), place)
    values = json.loads((place / "stage.json").read_text())
    delays = values["endpoints"]["delays"]
    del delays["configs"][serves]
    [delays["serves"]] = delays["configs"]
    (place / "stage.json").write_text(json.dumps(values))
    adopted.take(place)
    assert REFUSED in adopted.run("apply", "-auto-approve", "-no-color", status=1)
    adopted.take(exported(world))
    world.assert_clean(STAGE, serves=world.endpoint(STAGE).live.release)


def test_who_moves_the_traffic_changes_by_moving_the_state_and_by_nothing_else(world, adopted, in_terraform):
    """The state that adopted it, in the root module whose traffic terraform moves."""
    module = in_terraform()
    module.take(exported(world))
    (module.folder / "adopted.tfstate").write_text(adopted.run("state", "pull"))
    module.run("state", "push", "adopted.tfstate")
    assert REFUSED in module.run("plan", "-no-color", status=1)
    for kind, owned in {**dict.fromkeys(MADE, "this"), "aws_sagemaker_endpoint": "guarded"}.items():
        module.run("state", "mv", f"module.stage.{kind}.kept", f"module.stage.{kind}.{owned}")
    assert kinds(module.plan(exported(world))) == {"create": {"aws_cloudwatch_metric_alarm"}}


def test_where_there_is_none_terraform_makes_the_endpoint_of_the_pins(world, module):
    sagemaker, pins = world.client("sagemaker"), world.endpoint(STAGE).pins
    sagemaker.delete_endpoint(EndpointName=names.endpoint("delays", STAGE))
    wanted = plan.endpoint_plan(STAGE, "delays", pins)
    for config in wanted.configs:
        sagemaker.delete_endpoint_config(EndpointConfigName=config.name)
    for model in wanted.models:
        sagemaker.delete_model(ModelName=model.name)
    planned = module.plan(exported(world))
    assert kinds(planned) == {"create": GUARDED | NOTED | {"aws_sagemaker_endpoint"}}
    module.apply()
    assert module.plan(exported(world)) == {}
    serves_as_pinned(world)


def test_the_way_back_moves_the_endpoint_and_makes_nothing(world, module):
    pins = world.endpoint(STAGE).pins
    world.pin(STAGE, Pins(live=pins.previous, previous=pins.live))
    assert module.plan(exported(world)) == {ENDPOINT: "update"}
    module.apply()
    assert module.plan(exported(world)) == {}
    serves_as_pinned(world)
    alarms = world.describe(STAGE)["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    serves = world.describe(STAGE)["EndpointConfigName"]
    assert {alarm["AlarmName"] for alarm in alarms} == {f"{serves}-errors", f"{serves}-latency"}


def test_another_stages_apply_leaves_this_one_alone_and_cannot_have_its_state(
    world, module, in_terraform, tmp_path
):
    serves = world.describe(STAGE)["EndpointConfigName"]
    shutil.copytree(exported(world), tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "stage.json").read_text().replace(names.endpoint("delays", STAGE), "delays-staging")
    (tmp_path / "stage.json").write_text(json.dumps(json.loads(text) | {"stage": "staging"}))
    module.take(tmp_path)
    said = " ".join(module.run("apply", "-auto-approve", "-no-color", status=1).split())
    assert "This state is of the stage prod, and the pins are of staging" in said
    staging = in_terraform()
    assert set(staging.plan(tmp_path).values()) == {"create"}
    staging.apply()
    assert world.describe("staging")["EndpointStatus"] == "InService"
    assert world.describe(STAGE)["EndpointConfigName"] == serves
    assert module.plan(exported(world)) == {}


def test_another_release_is_made_first_then_moved_to_and_the_oldest_goes_last(world, module, fresh):
    made = world.describe(STAGE)["CreationTime"]
    brought(world, fresh())
    planned = module.plan(exported(world))
    assert kinds(planned) == {"create": GUARDED, "update": {"aws_sagemaker_endpoint"}, "delete": GUARDED}
    done = module.apply()
    moved = done.index(("update", ENDPOINT))
    assert {action for action, _ in done[:moved]} == {"create"}
    assert {action for action, _ in done[moved + 1 :]} == {"delete"}
    assert module.plan(exported(world)) == {}
    assert world.describe(STAGE)["CreationTime"] == made
    serves_as_pinned(world)


def test_what_runs_is_the_image_and_the_artifact_that_the_project_released(world, trained):
    """After promotions and updates by the module it is, byte for byte, what was built and trained."""
    [(image, artifact)] = running(world)
    first = world.entries("dev")[0].subject.release
    assert image == world.ports("dev").artifacts.manifest(first).image.digest
    archives = [folder / "model.tar.gz" for folder in trained.values()]
    assert artifact in [hashlib.sha256(archive.read_bytes()).hexdigest() for archive in archives]


def test_opentofu_goes_on_from_the_state_that_there_is(world, module, in_terraform):
    opentofu = in_terraform(program="tofu")
    shutil.copy(module.folder / "terraform.tfstate", opentofu.folder)
    assert opentofu.plan(exported(world)) == {}


def test_an_update_that_the_service_takes_back_fails_the_apply_and_names_the_release(world, module, fresh):
    serves = world.describe(STAGE)["EndpointConfigName"]
    release = fresh()
    brought(world, release)
    module.plan(exported(world))
    world.sandbox.faults("silent_rollback", endpoint=names.endpoint("delays", STAGE), reason="")
    said = module.run("apply", "-no-color", "plan", status=1)
    assert " ".join(said.split()).count(f"./slipway fence add {release}") == 1
    assert world.describe(STAGE)["EndpointConfigName"] == serves


def test_a_fenced_release_is_exported_no_more(world):
    release = world.endpoint(STAGE).live.release
    world.slipway("fence", "add", release, "--reason", "its update was taken back")
    folder = world.project / "integrations" / "terraform" / "stages" / STAGE
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert "its update was taken back" in world.slipway("export", STAGE, expected=1).stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    world.clear(release)


def test_destroy_takes_what_the_module_made_once_the_endpoint_is_deleted_by_its_name(world, module):
    folder, sagemaker = exported(world), world.client("sagemaker")
    module.take(folder)
    assert REFUSED in module.run("destroy", "-auto-approve", "-no-color", status=1)
    assert world.describe(STAGE)["EndpointStatus"] == "InService"
    sagemaker.delete_endpoint(EndpointName=names.endpoint("delays", STAGE))
    module.run("destroy", "-auto-approve")
    assert sagemaker.list_endpoints(NameContains=STAGE)["Endpoints"] == []
    wanted = json.loads((folder / "stage.json").read_text())["endpoints"]["delays"]
    left = [c["EndpointConfigName"] for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
    assert not set(left) & set(wanted["configs"])
    world.slipway("export", STAGE, "--format", "terraform", "--check")
