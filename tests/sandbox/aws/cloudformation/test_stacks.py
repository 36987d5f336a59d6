"""A stack holds what its services' own APIs would make, or is refused before anything of it is made."""

import json
from typing import Any

import pytest

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox

REFUSED = (
    *("AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"),
    *("AWS::SageMaker::NotebookInstance", "AWS::SageMaker::MonitoringSchedule", "AWS::CloudWatch::Alarm"),
    *("AWS::CloudWatch::CompositeAlarm", "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::No::Such"),
    "AWS::CloudFormation::Stack",
)


def template(kind: str, **properties: Any) -> str:
    """A topic, and a resource of that kind after it."""
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "of-a-stack"}}
    return json.dumps({"Resources": {"First": topic, "Second": {"Type": kind, "Properties": properties}}})


@pytest.fixture
def cloudformation(sandbox: SandboxHandle) -> Any:
    return unchecked(sandbox, "cloudformation")


@pytest.mark.parametrize("kind", REFUSED)
def test_a_resource_that_would_be_another_than_the_apis(world: World, cloudformation: Any, kind: str) -> None:
    """By a stack and by a change set; nothing of the stack is made."""
    with refused("NotImplemented", kind, 501) as refusal:
        cloudformation.create_stack(StackName="refused", TemplateBody=template(kind))
    assert "resource Second" in refusal.message
    with refused("NotImplemented", kind, 501):
        cloudformation.create_change_set(
            StackName="refused", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=template(kind)
        )
    assert [s for s in cloudformation.list_stacks()["StackSummaries"] if s["StackName"] == "refused"] == []
    assert [t for t in world.sandbox.client("sns").list_topics()["Topics"] if "of-a-stack" in str(t)] == []


def test_an_update_that_is_refused_changes_nothing(cloudformation: Any) -> None:
    body = template("AWS::Logs::LogGroup", LogGroupName="of-a-stack")
    cloudformation.create_stack(StackName="kept", TemplateBody=body)
    with refused("NotImplemented", "AWS::SageMaker::Model", 501):
        cloudformation.update_stack(StackName="kept", TemplateBody=template("AWS::SageMaker::Model"))
    assert cloudformation.get_template(StackName="kept")["TemplateBody"] == json.loads(body)
    assert cloudformation.describe_stacks(StackName="kept")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName="kept")


def test_nothing_of_sagemaker_breaks(world: World, cloudformation: Any) -> None:
    """Lists, status, logs and metrics of an endpoint go on after a stack was tried."""
    endpoint = world.endpoint()
    properties = {"ExecutionRoleArn": world.role, "PrimaryContainer": {"Image": world.uri}}
    with refused("NotImplemented", status=501):
        cloudformation.create_stack(
            StackName="tried", TemplateBody=template("AWS::SageMaker::Model", **properties)
        )
    assert world.sagemaker.list_models()["Models"]
    assert world.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert world.sagemaker.list_endpoints()["Endpoints"]
    assert any(e["name"] == endpoint for e in world.sandbox.ask("GET", "")["endpoints"])
