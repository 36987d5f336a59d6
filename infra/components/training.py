"""The training role: what SageMaker and the stage's training jobs may do. It starts none."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from infra.components.assumed import role_of_sagemaker
from release.domain import names


@dataclass(frozen=True)
class TrainingRoleArgs:
    """Arguments of TrainingRole."""

    stage: str
    place: Place
    bucket: str
    repository: str
    key_arn: pulumi.Input[str]
    boundary: str | None
    """ARN of the policy that bounds the role."""
    tags: Mapping[str, str]


class TrainingRole(pulumi.ComponentResource):
    """One role for all training jobs of a stage. It reaches no endpoint, no release and no ledger."""

    def __init__(self, name: str, args: TrainingRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:TrainingRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = role_of_sagemaker(
            self,
            name,
            called=names.training_role(args.stage, args.place.region),
            description=f"Training jobs of {names.PROJECT} in {args.stage}",
            place=args.place,
            boundary=args.boundary,
            tags=args.tags,
        )
        aws.iam.RolePolicy(
            name,
            name="training",
            role=role.name,
            policy=pulumi.Output.from_input(args.key_arn).apply(
                lambda key_arn: policies.training(args.place, args.bucket, args.repository, key_arn)
            ),
            opts=child,
        )
        self.register_outputs({"arn": role.arn})
