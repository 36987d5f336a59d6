"""What the instances of one endpoint may do besides: join a network, keep what is captured."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.arns import Place
from release.domain.pins import ReleasePin


@dataclass(frozen=True)
class EndpointPermissionsArgs:
    """Arguments of EndpointPermissions."""

    place: Place
    role: pulumi.Input[str]
    """The execution role's name."""
    key_arn: pulumi.Input[str]
    bucket: str
    """The stage's own."""
    pins: Sequence[ReleasePin]
    """All that the stage names: what is live needs its permissions, and so does the way back."""


class EndpointPermissions(pulumi.ComponentResource):
    """An inline policy of the execution role, where a pin needs more than every endpoint; otherwise nothing.

    It is one endpoint's own, so that a rollout makes it before the model that needs it. `ready` is what must
    exist before that.
    """

    def __init__(
        self, name: str, args: EndpointPermissionsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:components:EndpointPermissions", name, None, opts)
        captures = [pin.capture for pin in args.pins if pin.capture]
        in_a_network = any(pin.vpc for pin in args.pins)
        self.ready: list[pulumi.Resource] = []
        if captures or in_a_network:
            policy = aws.iam.RolePolicy(
                name,
                name=name,
                role=args.role,
                policy=pulumi.Output.from_input(args.key_arn).apply(
                    lambda key_arn: policies.fleet(args.place, key_arn, captures, in_a_network, args.bucket)
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.ready = [policy]
        self.register_outputs({})
