"""The pipeline role: what executions of a stage's retraining pipelines may do. It makes no pipeline.

Its jobs have the training role. Pipelines and groups of model packages are made by whoever exports them: AWS
deletes no group that has a version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from infra.components.assumed import role_of_sagemaker
from release.domain import names


@dataclass(frozen=True)
class PipelineRoleArgs:
    """Arguments of PipelineRole."""

    stage: str
    place: Place
    endpoints: Sequence[str]
    """What can be retrained, by the names in the stage's file."""
    bucket: str
    key_arn: pulumi.Input[str]
    boundary: str | None
    """ARN of the policy that bounds the role."""
    tags: Mapping[str, str]


class PipelineRole(pulumi.ComponentResource):
    """One role for the retraining pipelines of a stage. It reaches no endpoint, no release and no ledger."""

    def __init__(self, name: str, args: PipelineRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:PipelineRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = role_of_sagemaker(
            self,
            name,
            called=names.pipeline_role(args.stage, args.place.region),
            description=f"Retraining pipelines of {names.PROJECT} in {args.stage}",
            place=args.place,
            boundary=args.boundary,
            tags=args.tags,
        )
        aws.iam.RolePolicy(
            name,
            name="pipeline",
            role=role.name,
            policy=pulumi.Output.from_input(args.key_arn).apply(
                lambda key_arn: policies.pipeline(
                    args.place, args.stage, args.endpoints, args.bucket, key_arn
                )
            ),
            opts=child,
        )
        self.arn: pulumi.Output[str] = role.arn
        self.register_outputs({"arn": role.arn})
