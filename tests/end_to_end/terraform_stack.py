"""A stage's endpoints made and deleted by terraform's AWS provider, from what the Pulumi program declares.

The declarations are those of the program itself, recorded (`tests/infra/declared.py`) and written in
terraform's words; what all endpoints share (bucket, registry, role, topic) was made before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from release.domain import names
from tests.end_to_end.terraform_stage import Imported
from tests.end_to_end.world import World
from tests.infra.declared import Declared, declare_anew

KINDS = {
    "LogGroup": "aws_cloudwatch_log_group",
    "MetricAlarm": "aws_cloudwatch_metric_alarm",
    "CompositeAlarm": "aws_cloudwatch_composite_alarm",
    "Dashboard": "aws_cloudwatch_dashboard",
    "Model": "aws_sagemaker_model",
    "EndpointConfiguration": "aws_sagemaker_endpoint_configuration",
    "Endpoint": "aws_sagemaker_endpoint",
    "Target": "aws_appautoscaling_target",
    "Policy": "aws_appautoscaling_policy",
}
"""What an endpoint consists of, each kind after those that it needs: Pulumi's word and terraform's."""
OPAQUE = {"dimensions", "environment", "tags"}
"""Inputs whose keys are data."""
SINGULAR = {"metric_queries": "metric_query"}
"""Blocks that Pulumi calls by a plural that terraform does not have."""
NAMED = {"MetricAlarm": "alarm_name"}
"""What terraform calls the name of a thing, where it is not `name`."""


def terraform_of(declared: Declared, arns: Mapping[str, str]) -> dict[str, Any]:
    """The recorded resources of endpoints in terraform's JSON; `arns` are the real ones of what is shared."""
    resources: dict[str, dict[str, Any]] = {}
    before: list[str] = []
    for kind, word in KINDS.items():
        found = [item for item in declared.resources if item.type.rpartition(":")[2] == kind]
        for item in found:
            inputs = _with_arns(_snaked(item.inputs), arns)
            inputs = {NAMED.get(kind, key) if key == "name" else key: inputs[key] for key in inputs}
            ignored = sorted(_snake(key) for key in declared.ignored.get(item.name, ()))
            lifecycle = {"lifecycle": {"ignore_changes": ignored}} if ignored else {}
            resources.setdefault(word, {})[item.name] = {**inputs, **lifecycle, "depends_on": list(before)}
        before += [f"{word}.{item.name}" for item in found]
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": {}},
        "resource": resources,
    }


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()


def _snaked(value: Any) -> Any:
    if isinstance(value, list):
        return [_snaked(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    words = {key: _snake(key) for key in value}
    return {
        SINGULAR.get(word, word): value[key] if word in OPAQUE else _snaked(value[key])
        for key, word in words.items()
        if value[key] is not None
    }


def _with_arns(value: Any, arns: Mapping[str, str]) -> Any:
    """The real ARN in the place of one that the recording made up (`arn:of:Role:…`)."""
    if isinstance(value, Mapping):
        return {key: _with_arns(item, arns) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_arns(item, arns) for item in value]
    return arns[value.split(":")[2]] if isinstance(value, str) and value.startswith("arn:of:") else value


@dataclass
class TerraformStack:
    """The stack of one stage, as `release.ports.Stack`."""

    world: World
    stage: str
    terraform: Imported
    done: list[dict[str, str]] = field(default_factory=list)
    """What each `up` did: action by address."""

    def ready(self) -> None:
        """It always is."""

    def up(self, endpoint: str | None = None) -> None:
        """Apply what the stage's file asks for."""
        self.declare()
        planned = self.terraform.plan()
        self.done.append(planned)
        if planned:
            self.terraform.apply()

    def declare(self) -> None:
        """Have terraform know what the stage's file asks for."""
        declared = declare_anew(self.world.settings(self.stage))
        self.terraform.declare(terraform_of(declared, self._arns()), take_over=False)

    def _arns(self) -> dict[str, str]:
        region = self.world.settings(self.stage).region
        role = self.world.client("iam").get_role(RoleName=names.execution_role(self.stage, region))
        topics = self.world.client("sns").list_topics()["Topics"]
        topic = next(t["TopicArn"] for t in topics if t["TopicArn"].endswith(names.alert_topic(self.stage)))
        return {"Role": role["Role"]["Arn"], "Topic": topic}
