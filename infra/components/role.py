"""The execution role: what SageMaker and the stage's containers may do."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from infra.components.assumed import role_of_sagemaker
from release.domain import names


@dataclass(frozen=True)
class ExecutionRoleArgs:
    """Arguments of ExecutionRole. `log_groups` and `alarms` are names."""

    stage: str
    place: Place
    bucket: str
    repository: str
    key_arn: pulumi.Input[str]
    log_groups: tuple[str, ...]
    alarms: tuple[str, ...]
    jobs: tuple[str, ...]
    """Patterns of the names of transform jobs."""
    reads: tuple[str, ...]
    """Places of S3 that transform jobs may read besides the stage's own."""
    writes: tuple[str, ...]
    boundary: str | None
    """ARN of the policy that bounds the role."""
    tags: Mapping[str, str]


class ExecutionRole(pulumi.ComponentResource):
    """One role for all endpoints of a stage, with an inline policy for them, and one for batch scoring.

    `ready` is what must exist before SageMaker uses the role: a role without its policy lets the creation
    of a model pass and that of its endpoint fail minutes later.
    """

    def __init__(
        self, name: str, args: ExecutionRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:ExecutionRole", name, None, opts)
        role = role_of_sagemaker(
            self,
            name,
            called=names.execution_role(args.stage, args.place.region),
            description=f"Endpoints of {names.PROJECT} in {args.stage}",
            place=args.place,
            boundary=args.boundary,
            tags=args.tags,
        )
        policy = aws.iam.RolePolicy(
            name,
            name="endpoints",
            role=role.name,
            policy=pulumi.Output.from_input(args.key_arn).apply(
                lambda key_arn: policies.execution(
                    args.place, args.bucket, args.repository, key_arn, args.log_groups, args.alarms
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.iam.RolePolicy(
            f"{name}-batch",
            name="batch",
            role=role.name,
            policy=pulumi.Output.from_input(args.key_arn).apply(
                lambda key_arn: policies.batch(
                    args.place, args.bucket, key_arn, args.jobs, args.reads, args.writes
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn: pulumi.Output[str] = role.arn
        self.name: pulumi.Output[str] = role.name
        self.ready: list[pulumi.Resource] = [policy]
        self.register_outputs({"arn": self.arn})
