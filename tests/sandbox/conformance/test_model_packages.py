"""Models that are made from model packages: CreateModel's ModelPackageName."""

from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.world import World

REGISTRY = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html"
APPROVAL = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html"


def package(world: World, status: str = "Approved", **container: Any) -> str:
    """A version of a new group, in a status of its approval; returns its ARN."""
    group = world.name("group")
    world.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    answer = world.sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification(world, **container)
    )
    arn = answer["ModelPackageArn"]
    world.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
    return arn


def specification(world: World, **container: Any) -> dict[str, Any]:
    """An InferenceSpecification of the world's image, whose server answers `packaged`."""
    found = {
        "Image": f"{world.uri}@{world.digest}",
        "ModelDataUrl": world.artifact("bytes of a package"),
        "Environment": {"VERSION": "packaged", "KEPT": "yes"},
        **container,
    }
    types = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    return {"Containers": [found], **types}


def create(world: World, **container: Any) -> str:
    """A model whose only container is this one; returns its name."""
    name = world.name("model")
    world.sagemaker.create_model(ModelName=name, ExecutionRoleArn=world.role, PrimaryContainer=container)
    return name


@behaviour("SageMaker", REGISTRY)
def test_an_approved_version_serves(world: World) -> None:
    """A model of an approved version serves the package's image, model data and environment."""
    arn = package(world)
    endpoint = world.endpoint(world.config(world.variant(create(world, ModelPackageName=arn))))
    answer = world.invoke(endpoint)
    assert (answer["version"], answer["model"]) == ("packaged", "bytes of a package")
    image = world.describe(endpoint)["ProductionVariants"][0]["DeployedImages"][0]
    assert image["ResolvedImage"] == f"{world.uri}@{world.digest}"


@behaviour("SageMaker", "ContainerDefinition")
def test_an_environment_of_the_models_own(world: World) -> None:
    """A container's Environment beside a ModelPackageName wins over the package's, name by name."""
    model = create(world, ModelPackageName=package(world), Environment={"VERSION": "own"})
    assert world.version(world.endpoint(world.config(world.variant(model)))) == "own"


@behaviour("SageMaker", "CreateModel")
def test_in_a_list_of_containers(world: World) -> None:
    """A model package can be the only one of Containers."""
    name = world.name("model")
    world.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=world.role, Containers=[{"ModelPackageName": package(world)}]
    )
    assert world.version(world.endpoint(world.config(world.variant(name)))) == "packaged"


@behaviour("SageMaker", "DescribeModel")
def test_describe(world: World) -> None:
    """DescribeModel of a model from a package names the package, and no image."""
    arn = package(world)
    found = world.sagemaker.describe_model(ModelName=create(world, ModelPackageName=arn))
    assert found["PrimaryContainer"] == {"Mode": "SingleModel", "ModelPackageName": arn}


@behaviour("SageMaker", "ContainerDefinition")
def test_an_unversioned_package(world: World) -> None:
    """A package outside of any group is named by its name or its ARN, and needs no approval."""
    name = world.name("package")
    arn = world.sagemaker.create_model_package(
        ModelPackageName=name, InferenceSpecification=specification(world)
    )["ModelPackageArn"]
    for either in (name, arn):
        assert create(world, ModelPackageName=either)


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
@behaviour("SageMaker", APPROVAL)
def test_a_version_that_is_not_approved(world: World, status: str) -> None:
    """A version that waits for approval, or was rejected, is refused at CreateModel."""
    arn = package(world, status)
    with refused("ValidationException", f"{arn}: its approval status is {status}, not Approved."):
        create(world, ModelPackageName=arn)


@behaviour("SageMaker", "ContainerDefinition")
def test_a_package_that_is_not_there(world: World) -> None:
    """A package that does not exist is refused, and the name of a group is no package's name."""
    arn = package(world)
    for name in (f"{arn}23", arn.split("/")[1], "nothing"):
        with refused("ValidationException", f"ModelPackage {name} does not exist."):
            create(world, ModelPackageName=name)


@behaviour("SageMaker", "ContainerDefinition")
def test_an_image_beside_a_package(world: World) -> None:
    """An image or model data beside a ModelPackageName is refused, and so is a container with neither."""
    arn = package(world)
    for container in ({"ModelPackageName": arn, "Image": world.uri}, {"Environment": {"A": "b"}}):
        with refused("ValidationException", "Specify one of either Image and Model Data URL or ModelPackage"):
            create(world, **container)


@behaviour("SageMaker", "ModelPackageContainerDefinition", covered=False)
def test_what_a_package_may_not_hold(world: World) -> None:
    """Model data of a package beside or other than one archive is refused by name at CreateModel."""
    beside = {"S3DataType": "S3Object", "S3Uri": "s3://bucket/more.tar.gz"}
    with refused("NotImplemented", "AdditionalS3DataSource", 501):
        create(world, ModelPackageName=package(world, AdditionalS3DataSource=beside))
    source = {"S3DataSource": {"S3Uri": "s3://x/y/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    world_package = package(world, ModelDataSource=source)
    with refused("NotImplemented", "S3DataType", 501):
        create(world, ModelPackageName=world_package)


@behaviour("SageMaker", "UpdateModelPackage")
def test_an_update_keeps_what_it_does_not_name(world: World) -> None:
    """Status, description and metadata change by name; metadata is added to, and removed key by key."""
    sagemaker, group = world.sagemaker, world.name("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification=specification(world),
        CustomerMetadataProperties={"release": "1", "gone": "soon"},
    )["ModelPackageArn"]
    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="read it"
    )
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"by": "x"})
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataPropertiesToRemove=["gone"])
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "read it")
    assert found["CustomerMetadataProperties"] == {"release": "1", "by": "x"}


@behaviour("SageMaker", "UserContext")
def test_who_made_and_who_changed_a_version(world: World) -> None:
    """CreatedBy and LastModifiedBy hold the IAM identity of the caller; a new version waits for approval."""
    sagemaker, group = world.sagemaker, world.name("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification(world)
    )["ModelPackageArn"]
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert "LastModifiedBy" not in found
    name = world.name("ada")
    iam = world.sandbox.client("iam")
    user = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    ada = world.sandbox.client(
        "sagemaker", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    ada.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    changed = sagemaker.describe_model_package(ModelPackageName=arn)
    assert changed["LastModifiedBy"]["IamIdentity"]["Arn"] == user
    assert changed["CreatedBy"] == found["CreatedBy"]
    assert (
        found["CreatedBy"]["IamIdentity"]["Arn"] == world.sandbox.client("sts").get_caller_identity()["Arn"]
    )


@behaviour("SageMaker", "CreateModelPackageGroup")
def test_groups_and_their_tags(world: World) -> None:
    """A group's name is taken once; a group has tags, a version cannot be given any."""
    sagemaker, group = world.sagemaker, world.name("group")
    arn = sagemaker.create_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    with refused("ValidationException", "already exists"):
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "champion", "Value": "1"}])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "champion", "Value": "2"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "champion", "Value": "2"}]
    with refused("ValidationException", "group's tags"):
        sagemaker.create_model_package(ModelPackageGroupName=arn, Tags=[{"Key": "a", "Value": "b"}])
