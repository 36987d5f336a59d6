"""Where an endpoint's containers write. SageMaker would create the group itself, and keep it for ever."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True)
class EndpointLogsArgs:
    """Arguments of EndpointLogs."""

    log_group: str
    days: int
    """How long a line is kept."""
    tags: Mapping[str, str]


class EndpointLogs(pulumi.ComponentResource):
    """The log group of one endpoint, with a retention."""

    def __init__(self, name: str, args: EndpointLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:components:EndpointLogs", name, None, opts)
        self.group = aws.cloudwatch.LogGroup(
            name,
            name=args.log_group,
            retention_in_days=args.days,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"group": self.group.name})
