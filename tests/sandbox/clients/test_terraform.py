"""terraform's AWS provider takes a whole stage through its life and never plans a change that is none."""

from pathlib import Path

import pytest

from tests.end_to_end.permissions import READ_BY_THE_PROVIDER
from tests.sandbox.clients.environments import clean_environment
from tests.sandbox.clients.terraform_cli import Terraform
from tests.sandbox.images import model_archive
from tests.sandbox.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

NAME = "tf-delays"
SERVICES = {"ecr", "iam", "s3", "kms", "sagemaker", "cloudwatch", "appautoscaling", "sns", "sqs"}
REPLACED = (
    "aws_s3_object.model",
    "aws_sagemaker_model.serving",
    "aws_sagemaker_endpoint_configuration.serving",
)


def test_create_empty_plan_update_and_destroy(world: World, tmp_path: Path) -> None:
    """The second release replaces model and config before the first ones go; the endpoint stays."""
    world.sandbox.reset_calls()
    terraform = Terraform(tmp_path, clean_environment(world.sandbox.env, tmp_path))
    _release(terraform, world, tmp_path, "v1")
    planned = terraform.plan()
    assert set(planned.values()) == {"create"}
    assert {address.split("_")[1] for address in planned} >= SERVICES
    terraform.apply()
    assert terraform.plan() == {}
    assert world.version(NAME) == "v1"
    arn = world.describe(NAME)["EndpointArn"]

    _release(terraform, world, tmp_path, "v2")
    assert terraform.plan() == {
        **dict.fromkeys(REPLACED, "replace"),
        "aws_sagemaker_endpoint.serving": "update",
    }
    done = terraform.apply()
    for address in REPLACED:
        assert done.index(("create", address)) < done.index(("delete", address))
    assert terraform.plan() == {}
    assert world.version(NAME) == "v2"
    endpoint = world.describe(NAME)
    assert (endpoint["EndpointArn"], endpoint["EndpointConfigName"]) == (arn, f"{NAME}-v2")
    assert endpoint["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 60

    terraform.destroy()
    assert terraform.left() == []
    assert world.sandbox.permissions().keys() >= set(READ_BY_THE_PROVIDER)
    _nothing_is_left(world)


def _release(terraform: Terraform, world: World, folder: Path, release: str) -> None:
    artifact = folder / f"{release}.tar.gz"
    artifact.write_bytes(model_archive(release))
    image = f"{world.uri}@{world.digest}"
    terraform.set(name=NAME, release=release, image=image, artifact=str(artifact))


def _nothing_is_left(world: World) -> None:
    sagemaker = world.sagemaker
    assert sagemaker.list_endpoints(NameContains=NAME)["Endpoints"] == []
    assert sagemaker.list_models(NameContains=NAME)["Models"] == []
    assert sagemaker.list_endpoint_configs(NameContains=NAME)["EndpointConfigs"] == []
    assert NAME not in str(world.s3.list_buckets()["Buckets"])
    assert NAME not in str(world.ecr.describe_repositories()["repositories"])
    assert NAME not in str(world.sandbox.client("iam").list_roles()["Roles"])
    assert world.sandbox.client("cloudwatch").describe_alarms(AlarmNamePrefix=NAME)["MetricAlarms"] == []
