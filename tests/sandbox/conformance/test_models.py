"""Models: CreateModel, DescribeModel, DeleteModel."""

from typing import Any

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import BUCKET, World


def create(world: World, name: str = "", role: str = "", tags: Any = (), **container: Any) -> str:
    """Create a model whose container is changed by `container`; returns its ARN."""
    definition = {"Image": f"{world.uri}@{world.digest}", **container}
    answer = world.sagemaker.create_model(
        ModelName=name or world.name("model"),
        ExecutionRoleArn=role or world.role,
        PrimaryContainer=definition,
        Tags=list(tags),
    )
    return answer["ModelArn"]


@behaviour("SageMaker", "CreateModel")
def test_the_arn(world: World) -> None:
    """CreateModel answers the model's ARN, with its name in lower case."""
    assert create(world, "Arn-Of-Model") == "arn:aws:sagemaker:us-east-1:123456789012:model/arn-of-model"


@behaviour("SageMaker", "CreateModel")
def test_a_name_is_taken_once(world: World) -> None:
    """A model name that is taken is refused, whatever its case."""
    create(world, "taken-model")
    for name in ("taken-model", "Taken-Model"):
        with refused("ValidationException", "Cannot create already existing model"):
            create(world, name)


@behaviour("SageMaker", "CreateModel")
def test_a_missing_image(world: World) -> None:
    """An image that is not in its repository is refused at CreateModel."""
    with refused("ValidationException", f"Requested image {world.uri}:none not found."):
        create(world, Image=f"{world.uri}:none")


@behaviour("SageMaker", "CreateModel")
def test_missing_model_data(world: World) -> None:
    """Model data that is not in S3 is refused at CreateModel."""
    url = f"s3://{BUCKET}/nothing/model.tar.gz"
    with refused("ValidationException", f"Could not find model data at {url}."):
        create(world, ModelDataUrl=url)


@behaviour("SageMaker", "CreateModel")
def test_a_missing_role(world: World) -> None:
    """An execution role that does not exist is refused at CreateModel, with model data or without."""
    role = "arn:aws:iam::123456789012:role/nobody-here"
    with refused("ValidationException", f'Please ensure that the role "{role}" exists and that its trust'):
        create(world, role=role, ModelDataUrl=world.artifact("some"))
    with refused("ValidationException", f'The execution role ARN "{role}" is invalid. Please ensure that'):
        create(world, role=role)


@behaviour("SageMaker", "CreateModel")
def test_a_role_that_does_not_trust_sagemaker(world: World) -> None:
    """An execution role that SageMaker may not assume is refused."""
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        '{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    )
    role = world.sandbox.client("iam").create_role(RoleName="of-ec2", AssumeRolePolicyDocument=policy)
    with refused("ValidationException", "trust relationship"):
        create(world, role=role["Role"]["Arn"])


@behaviour("SageMaker", "CreateModel")
def test_the_pattern_of_a_name(world: World) -> None:
    """A model name with an underscore breaks the pattern of ModelName."""
    with refused("ValidationException", "Value 'my_model' at 'modelName' failed to satisfy constraint"):
        create(world, "my_model")


@behaviour("SageMaker", "CreateModel")
def test_the_length_of_a_name(world: World) -> None:
    """A model name of more than 63 characters is refused."""
    with refused("ValidationException", "Member must have length less than or equal to 63"):
        create(world, "m" * 64)


@behaviour("SageMaker", "ContainerDefinition")
def test_environment_keys(world: World) -> None:
    """A container's environment variable that begins with a digit is refused."""
    with refused("ValidationException", "at 'primaryContainer.environment' failed"):
        create(world, Environment={"1A": "x"})


@behaviour("SageMaker", "ContainerDefinition")
def test_the_length_of_environment_values(world: World) -> None:
    """A container's environment value has at most 1024 characters."""
    with refused("ValidationException", "Map value must satisfy constraint: [Member must have length less"):
        create(world, Environment={"A": "x" * 1025})


@behaviour("SageMaker", "ContainerDefinition")
def test_the_length_of_a_whole_environment(world: World) -> None:
    """All names and values of a container's environment have at most 32 KB together."""
    most = {f"A{number:02}": "x" * 1021 for number in range(32)}
    assert create(world, Environment=most)
    with refused("ValidationException", "at most 32 KB"):
        create(world, Environment={**most, "B": ""})


@behaviour("SageMaker", "CreateModel")
def test_a_required_member(world: World) -> None:
    """A request without ModelName is refused with `Value null at 'modelName'`."""
    client = unchecked(world.sandbox)
    with refused(
        "ValidationException", "Value null at 'modelName' failed to satisfy constraint: Member must"
    ):
        client.create_model(ExecutionRoleArn=world.role)


@behaviour("SageMaker", "Tag")
def test_tags_at_creation(world: World) -> None:
    """Tags that are given to CreateModel are the model's from the beginning."""
    tags = [{"Key": "team", "Value": "delays"}]
    assert world.sagemaker.list_tags(ResourceArn=create(world, tags=tags))["Tags"] == tags


@behaviour("SageMaker", "DescribeModel")
def test_describe(world: World) -> None:
    """DescribeModel answers what was given to CreateModel, with its ARN and creation time."""
    name = world.model("7", EXTRA="yes")
    model = world.sagemaker.describe_model(ModelName=name)
    container = model["PrimaryContainer"]
    assert container["Environment"] == {"VERSION": "7", "EXTRA": "yes"}
    assert container["Image"] == f"{world.uri}@{world.digest}"
    assert container["Mode"] == "SingleModel"
    assert model["ExecutionRoleArn"] == world.role
    assert model["EnableNetworkIsolation"] is False
    assert model["ModelArn"].endswith(f"model/{name}")
    assert model["CreationTime"].tzinfo is not None


@behaviour("SageMaker", "DescribeModel")
def test_members_that_were_not_given(world: World) -> None:
    """DescribeModel leaves out what was not given, VpcConfig for one."""
    model = world.sagemaker.describe_model(ModelName=world.model())
    assert not {"VpcConfig", "Containers", "InferenceExecutionConfig"} & set(model)


@behaviour("SageMaker", "DescribeModel")
def test_describe_what_is_not_there(world: World) -> None:
    """DescribeModel of a model that is not there is a ValidationException."""
    with refused(
        "ValidationException", 'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/no'
    ):
        world.sagemaker.describe_model(ModelName="nope")


@behaviour("SageMaker", "DeleteModel")
def test_delete(world: World) -> None:
    """A deleted model is gone, and its name is free again."""
    name = world.model()
    world.sagemaker.delete_model(ModelName=name)
    with refused("ValidationException", "Could not find model"):
        world.sagemaker.describe_model(ModelName=name)
    create(world, name)


@behaviour("SageMaker", "DeleteModel")
def test_delete_what_is_not_there(world: World) -> None:
    """DeleteModel of a model that is not there is a ValidationException."""
    with refused("ValidationException", "Could not find model"):
        world.sagemaker.delete_model(ModelName="nope")


@behaviour("SageMaker", "DeleteModel")
def test_delete_a_model_in_use(world: World) -> None:
    """A model can be deleted while an endpoint config names it; the config stays."""
    model = world.model()
    config = world.config(world.variant(model))
    world.sagemaker.delete_model(ModelName=model)
    assert world.sagemaker.describe_endpoint_config(EndpointConfigName=config)


@behaviour("SageMaker", "CommonErrors")
def test_an_unknown_action(world: World) -> None:
    """An action that SageMaker does not have is an UnknownOperationException."""
    client = world.sagemaker

    def rename(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = "SageMaker.MakeCoffee"

    client.meta.events.register("before-call.sagemaker.ListModels", rename)
    try:
        with refused("UnknownOperationException"):
            client.list_models()
    finally:
        client.meta.events.unregister("before-call.sagemaker.ListModels", rename)


@behaviour("SageMaker", "CommonErrors")
def test_a_wrong_type(world: World) -> None:
    """A member of a wrong JSON type is a SerializationException."""
    with refused("SerializationException", "STRING_VALUE can not be converted to an Integer"):
        unchecked(world.sandbox).list_models(MaxResults="many")


@behaviour("SageMaker", "CreateModel", covered=False)
def test_several_containers(world: World) -> None:
    """A model with several containers (an inference pipeline) is refused with words that say so."""
    container = {"Image": f"{world.uri}@{world.digest}"}
    with refused("ValidationException", "exactly one container"):
        world.sagemaker.create_model(
            ModelName="pipeline", ExecutionRoleArn=world.role, Containers=[container, container]
        )
