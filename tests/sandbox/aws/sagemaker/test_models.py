"""CreateModel refuses what SageMaker would refuse, in its words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.images import crane
from tests.sandbox.world import BUCKET, World

pytestmark = pytest.mark.sandbox


@pytest.fixture
def create(world: World) -> Callable[..., Any]:
    """CreateModel with everything right except what the test says."""

    def call(role: str = "", **container: Any) -> Any:
        right = {"Image": f"{world.uri}@{world.digest}", "ModelDataUrl": world.artifact("x")}
        return world.sagemaker.create_model(
            ModelName=world.name("model"),
            ExecutionRoleArn=role or world.role,
            PrimaryContainer=right | container,
        )

    return call


def refusal(error: pytest.ExceptionInfo[ClientError]) -> str:
    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error.value.response["Error"]["Message"]


@pytest.mark.parametrize("ending", ["@sha256:" + "0" * 64, ":no-such-tag"])
def test_an_image_that_is_not_there(world: World, create: Callable[..., Any], ending: str) -> None:
    with pytest.raises(ClientError) as error:
        create(Image=world.uri + ending)
    assert refusal(error) == f"Requested image {world.uri}{ending} not found."


@pytest.mark.parametrize("uri", [f"s3://{BUCKET}/nothing/model.tar.gz", "s3://no-such-bucket/model.tar.gz"])
def test_a_model_object_that_is_not_there(create: Callable[..., Any], uri: str) -> None:
    with pytest.raises(ClientError) as error:
        create(ModelDataUrl=uri)
    assert refusal(error) == f"Could not find model data at {uri}."


def test_a_role_that_is_not_there(create: Callable[..., Any]) -> None:
    with pytest.raises(ClientError) as error:
        create(role="arn:aws:iam::123456789012:role/nobody")
    assert 'Please ensure that the role "arn:aws:iam::123456789012:role/nobody" exists' in refusal(error)


def test_an_index_of_several_images(world: World, create: Callable[..., Any], tmp_path: Path) -> None:
    index = f"{world.uri}:index"
    crane(["index", "append", "-m", f"{world.uri}@{world.digest}", "-t", index])
    with pytest.raises(ClientError) as error:
        create(Image=index)
    assert "Unsupported manifest media type" in refusal(error)


def test_a_description_holds_what_was_given_and_no_more(world: World) -> None:
    name = world.model("7")
    description = world.sagemaker.describe_model(ModelName=name)
    assert "VpcConfig" not in description
    assert "Containers" not in description
    assert description["PrimaryContainer"]["Environment"] == {"VERSION": "7"}
    assert description["PrimaryContainer"]["Image"] == f"{world.uri}@{world.digest}"
    assert description["ExecutionRoleArn"] == world.role


def test_a_name_is_taken_once_until_it_is_deleted(world: World) -> None:
    name = world.model()
    again = {
        "ModelName": name,
        "ExecutionRoleArn": world.role,
        "PrimaryContainer": {"Image": f"{world.uri}@{world.digest}"},
    }
    with pytest.raises(ClientError) as error:
        world.sagemaker.create_model(**again)
    assert refusal(error).startswith('Cannot create already existing model "arn:aws:sagemaker:')
    world.sagemaker.delete_model(ModelName=name)
    with pytest.raises(ClientError, match="Could not find model"):
        world.sagemaker.delete_model(ModelName=name)
    world.sagemaker.create_model(**again)
