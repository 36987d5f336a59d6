"""The AWS CLI: its waiters, its own S3 transfers, and what people type to look around."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.clients.environments import AWSCLI, clean_environment, installed, run
from tests.sandbox.images import trust_policy
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox

Aws = Callable[..., str]


@pytest.fixture
def aws(world: World, tmp_path: Path) -> Aws:
    """Runs `aws ARGUMENTS` in a clean environment; returns what it prints."""
    program = str(installed(AWSCLI) / "aws")
    env = clean_environment(world.sandbox.env, tmp_path)

    def call(*arguments: str, status: int = 0) -> str:
        return run([program, *arguments], env, tmp_path, status=status)

    return call


def test_sagemaker_waiters(aws: Aws, world: World) -> None:
    """create, wait in service, update, wait again, delete, wait until it is gone."""
    name, first, second = world.name("cli"), world.simple_config("1"), world.simple_config("2")
    aws("sagemaker", "create-endpoint", "--endpoint-name", name, "--endpoint-config-name", first)
    aws("sagemaker", "wait", "endpoint-in-service", "--endpoint-name", name)
    assert world.version(name) == "1"
    aws("sagemaker", "update-endpoint", "--endpoint-name", name, "--endpoint-config-name", second)
    aws("sagemaker", "wait", "endpoint-in-service", "--endpoint-name", name)
    assert world.version(name) == "2"
    aws("sagemaker", "delete-endpoint", "--endpoint-name", name)
    aws("sagemaker", "wait", "endpoint-deleted", "--endpoint-name", name)
    assert world.sagemaker.list_endpoints(NameContains=name)["Endpoints"] == []


def test_invoke_and_read_the_logs(aws: Aws, world: World, tmp_path: Path) -> None:
    """The answer lands in a file, and what the server printed is in the endpoint's log group."""
    endpoint = world.endpoint()
    (tmp_path / "body").write_text("typed")
    told = json.loads(
        aws(
            *("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", endpoint),
            *("--content-type", "text/plain", "--body", "fileb://body", "answer.json"),
        )
    )
    assert told["InvokedProductionVariant"] == "live"
    assert json.loads((tmp_path / "answer.json").read_text())["version"] == "1"

    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    logs = world.sandbox.client("logs")
    wait_for(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"], "the log group")
    wait_for(lambda: logs.filter_log_events(logGroupName=group)["events"], "the log line")
    assert "typed" in aws("logs", "filter-log-events", "--log-group-name", group)
    stream = ["--log-group-name", group, "--query", "logStreams[0].logStreamName", "--output", "text"]
    name = aws("logs", "describe-log-streams", *stream).strip()
    assert name.startswith("live/")
    events = aws(
        "logs", "get-log-events", "--log-group-name", group, "--log-stream-name", name, "--start-from-head"
    )
    assert '{"served": "typed"}' in [event["message"] for event in json.loads(events)["events"]]


def test_s3_transfers(aws: Aws, tmp_path: Path) -> None:
    """A file of several parts, and a folder, come back as they were."""
    content = bytes(range(256)) * 4 * 1024 * 20  # 20 MiB: more than one part
    (tmp_path / "large").write_bytes(content)
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "folder" / "inner" / f"{number}.txt").write_text(str(number))
    aws("s3", "mb", "s3://typed-bucket")
    aws("s3", "cp", "large", "s3://typed-bucket/large", "--no-progress")
    aws("s3", "cp", "s3://typed-bucket/large", "back", "--no-progress")
    assert (tmp_path / "back").read_bytes() == content
    aws("s3", "sync", "folder", "s3://typed-bucket/folder")
    aws("s3", "sync", "s3://typed-bucket/folder", "again")
    assert (tmp_path / "again" / "inner" / "2.txt").read_text() == "2"
    assert "inner/" in aws("s3", "ls", "s3://typed-bucket/folder/")
    aws("s3api", "wait", "object-exists", "--bucket", "typed-bucket", "--key", "large")
    aws("s3", "rb", "s3://typed-bucket", "--force")
    assert "typed-bucket" not in aws("s3", "ls")


def test_ecr(aws: Aws, world: World) -> None:
    """A repository, the login's password, the images that are in one, and a repository that is not there."""
    made = json.loads(aws("ecr", "create-repository", "--repository-name", "typed/images"))["repository"]
    assert made["repositoryUri"].endswith("/typed/images")
    assert len(aws("ecr", "get-login-password").strip()) > 0
    token = json.loads(aws("ecr", "get-authorization-token"))["authorizationData"][0]["authorizationToken"]
    assert base64.b64decode(token).startswith(b"AWS:")
    images = json.loads(aws("ecr", "describe-images", "--repository-name", "tiny"))["imageDetails"]
    assert world.digest in [image["imageDigest"] for image in images]
    assert json.loads(aws("ecr", "list-images", "--repository-name", "typed/images"))["imageIds"] == []
    aws("ecr", "delete-repository", "--repository-name", "typed/images")
    aws("ecr", "describe-repositories", "--repository-names", "typed/images", status=255)


def test_who_and_what(aws: Aws, world: World) -> None:
    """STS, IAM with its waiter, KMS, SNS, CloudWatch with its waiter, and auto scaling."""
    assert json.loads(aws("sts", "get-caller-identity"))["Account"] == "123456789012"
    aws("iam", "create-role", "--role-name", "typed", "--assume-role-policy-document", trust_policy())
    aws("iam", "wait", "role-exists", "--role-name", "typed")
    key = json.loads(aws("kms", "create-key"))["KeyMetadata"]["KeyId"]
    assert json.loads(aws("kms", "describe-key", "--key-id", key))["KeyMetadata"]["KeyState"] == "Enabled"
    topic = json.loads(aws("sns", "create-topic", "--name", "typed"))["TopicArn"]
    assert "MessageId" in aws("sns", "publish", "--topic-arn", topic, "--message", "hello")
    alarm: dict[str, Any] = {
        "AlarmName": "typed",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    aws("cloudwatch", "put-metric-alarm", "--cli-input-json", json.dumps(alarm))
    aws("cloudwatch", "wait", "alarm-exists", "--alarm-names", "typed")
    endpoint = world.endpoint()
    target = ["--service-namespace", "sagemaker", "--resource-id", f"endpoint/{endpoint}/variant/live"]
    scale = [*target, "--scalable-dimension", "sagemaker:variant:DesiredInstanceCount"]
    aws(
        *("application-autoscaling", "register-scalable-target", *scale),
        *("--min-capacity", "1", "--max-capacity", "2"),
    )
    assert endpoint in aws("application-autoscaling", "describe-scalable-targets", *target[:2])
