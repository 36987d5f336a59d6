"""Model packages and their groups."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def test_a_model_package_group_is_deleted_once_it_is_empty(world: World) -> None:
    """Packages first, then the group, then it is not there."""
    sagemaker, name = world.sagemaker, world.name("packages")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    package = sagemaker.create_model_package(ModelPackageGroupName=name)["ModelPackageArn"]
    with pytest.raises(ClientError, match="still contains"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    sagemaker.delete_model_package(ModelPackageName=package)
    sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=name)
