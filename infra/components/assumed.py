"""A role that SageMaker assumes: who may, what bounds it, its tags; not what the role may do."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place


def role_of_sagemaker(
    parent: pulumi.Resource,
    name: str,
    *,
    called: str,
    description: str,
    place: Place,
    boundary: str | None,
    tags: Mapping[str, str],
) -> aws.iam.Role:
    """The role that AWS knows as `called`; `boundary` is the ARN of the policy that bounds it."""
    return aws.iam.Role(
        name,
        name=called,
        description=description,
        assume_role_policy=policies.sagemaker_trust(place),
        permissions_boundary=boundary,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
