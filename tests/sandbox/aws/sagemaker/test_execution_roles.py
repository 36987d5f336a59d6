"""What SageMaker may do as an execution role: the role's policies decide, AWS's words say what is missing."""

import json
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.sagemaker.execution_roles import access_key
from tests.sandbox.conformance.test_capture import capture, captured
from tests.sandbox.images import trust_policy
from tests.sandbox.world import BUCKET, World, wait_for

pytestmark = pytest.mark.sandbox


@contextmanager
def denied(world: World, role: str, action: str) -> Generator[None]:
    """While the block runs, the role may not do this."""
    iam, name = world.sandbox.client("iam"), role.rpartition("/")[2]
    document = {"Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    policy = json.dumps({"Version": "2012-10-17", **document})
    iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="denied")


def reason(world: World, role: str, action: str, **model: str) -> str:
    """Why an endpoint failed whose role lost a permission after its model was created."""
    name, config = world.name("endpoint"), world.config(world.variant(world.model(role=role, **model)))
    with denied(world, role, action):
        world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        found = world.settled(name)
    assert found["EndpointStatus"] == "Failed"
    return found["FailureReason"]


def groups(world: World, endpoint: str) -> list[str]:
    """The endpoint's log group, where there is one."""
    prefix = f"/aws/sagemaker/Endpoints/{endpoint}"
    found = world.sandbox.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    return [group["logGroupName"] for group in found]


def test_a_model_is_refused_whose_role_may_not_read_its_artifact(world: World) -> None:
    role = world.new_role(without="s3:GetObject")
    with pytest.raises(ClientError) as error:
        world.model(role=role)
    said = error.value.response["Error"]["Message"]
    assert said.startswith(f"Could not access model data at s3://{BUCKET}/")
    assert f'Please ensure that the role "{role}" exists' in said
    assert 'Also ensure that the role has "s3:GetObject" permissions' in said


def test_without_the_right_to_list_a_missing_artifact_cannot_be_told_from_a_denied_one(world: World) -> None:
    role = world.new_role(without="s3:ListBucket")
    container = {"Image": f"{world.uri}@{world.digest}", "ModelDataUrl": f"s3://{BUCKET}/nothing.tar.gz"}
    with pytest.raises(ClientError, match="Could not access model data"):
        world.sagemaker.create_model(ModelName="none", ExecutionRoleArn=role, PrimaryContainer=container)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("ecr:BatchGetImage", "The role '{role}' does not have BatchGetImage permission for the image: '"),
        (
            "ecr:GetAuthorizationToken",
            "the execution role used to create the model has permissions to access",
        ),
        (
            "ecr:GetDownloadUrlForLayer",
            "Please make sure all images included in the model for the production",
        ),
        ("ecr:BatchCheckLayerAvailability", "for the production variant live exist, and that the execution"),
        ("s3:GetObject", "that the role passed to CreateModel has permissions to download the object."),
    ],
)
def test_an_endpoint_fails_whose_role_lost_a_permission(world: World, action: str, words: str) -> None:
    role = world.new_role()
    assert words.format(role=role) in reason(world, role, action)


def test_an_endpoint_fails_whose_role_trusts_sagemaker_no_more(world: World) -> None:
    role = world.new_role()
    config, name = world.config(world.variant(world.model(role=role))), world.name("endpoint")
    world.sandbox.client("iam").update_assume_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyDocument=trust_policy().replace("sagemaker.amazonaws.com", "ec2.amazonaws.com"),
    )
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert world.settled(name)["FailureReason"].startswith(f"Could not assume role {role}.")


def test_an_encrypted_artifact_needs_the_key(world: World) -> None:
    role, kms = world.new_role(), world.sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    name, url = world.name("model"), world.artifact("encrypted")
    source = url.removeprefix(f"s3://{BUCKET}/")
    world.s3.copy_object(
        Bucket=BUCKET,
        Key=source,
        CopySource={"Bucket": BUCKET, "Key": source},
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )
    container = {"Image": f"{world.uri}@{world.digest}", "ModelDataUrl": url}
    world.sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    endpoint, config = world.name("endpoint"), world.config(world.variant(name))
    with denied(world, role, "kms:Decrypt"):
        world.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        found = world.settled(endpoint)
    assert f"User: {role} is not authorized to perform: kms:Decrypt" in found["FailureReason"]
    assert world.endpoint(config)
    assert world.sandbox.permissions(role)["kms:Decrypt"] == [key]


def test_a_network_needs_its_interfaces(world: World) -> None:
    role, name, endpoint = world.new_role(), world.name("model"), world.name("endpoint")
    world.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=role,
        PrimaryContainer={"Image": f"{world.uri}@{world.digest}"},
        VpcConfig={"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    )
    config = world.config(world.variant(name))
    with denied(world, role, "ec2:DescribeVpcs"):
        world.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        found = world.settled(endpoint)
    assert f"User: {role} is not authorized to perform: ec2:DescribeVpcs" in found["FailureReason"]
    assert world.endpoint(config)


@pytest.mark.parametrize("action", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
def test_an_endpoint_whose_role_may_not_write_logs_runs_without(world: World, action: str) -> None:
    silent = world.endpoint(world.config(world.variant(world.model(role=world.new_role(without=action)))))
    heard = world.endpoint()
    assert world.version(silent) == world.version(heard) == "1"
    wait_for(lambda: groups(world, heard), "the logs of another endpoint")
    assert groups(world, silent) == []


def test_a_log_group_that_is_there_needs_not_be_made(world: World) -> None:
    role, name = world.new_role(without="logs:CreateLogGroup"), world.name("endpoint")
    logs, group = world.sandbox.client("logs"), f"/aws/sagemaker/Endpoints/{name}"
    logs.create_log_group(logGroupName=group)
    world.endpoint(world.config(world.variant(world.model(role=role))), name=name)
    world.invoke(name)
    wait_for(lambda: logs.describe_log_streams(logGroupName=group)["logStreams"], "its stream")


def test_what_may_not_be_captured_is_counted_and_lost(world: World) -> None:
    role = world.new_role(without="s3:PutObject")
    lost = world.endpoint(
        world.config(world.variant(world.model(role=role)), DataCaptureConfig=capture("lost"))
    )
    kept = world.endpoint(world.config(world.variant(world.model()), DataCaptureConfig=capture("kept")))
    for endpoint in (lost, kept):
        assert world.version(endpoint) == "1"
    assert captured(world, "kept")
    status = {found["name"]: found for found in world.sandbox.status()["endpoints"]}
    assert (status[lost]["captured"], status[lost]["capture_failures"]) == (0, 1)
    assert world.s3.list_objects_v2(Bucket=BUCKET, Prefix="lost").get("Contents", []) == []


def test_an_update_whose_alarms_the_role_may_not_watch_is_rolled_back(world: World) -> None:
    role, endpoint = world.new_role(without="cloudwatch:DescribeAlarms"), world.endpoint()
    old = world.describe(endpoint)["EndpointConfigName"]
    config = world.config(world.variant(world.model("2", role=role)))
    policy = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    found = world.update(
        endpoint,
        config,
        DeploymentConfig={
            "BlueGreenUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]},
        },
    )
    assert found["EndpointConfigName"] == old
    assert (
        "is not authorized to perform: cloudwatch:DescribeAlarms on resource: arn:aws:cloudwatch:"
        in (found["FailureReason"])
    )


def test_a_container_whose_role_may_not_list_a_bucket_is_denied_what_is_not_there(world: World) -> None:
    role = world.new_role(without="s3:ListBucket")
    world.endpoint(world.config(world.variant(world.model(role=role))))
    s3 = world.sandbox.client("s3", aws_access_key_id=access_key(role), aws_secret_access_key="secret")
    words = f"assumed-role/{role.rpartition('/')[2]}/SageMaker is not authorized to perform: s3:ListBucket"
    with pytest.raises(ClientError, match=words) as error:
        s3.get_object(Bucket=BUCKET, Key="nothing")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    s3.put_object(Bucket=BUCKET, Key=world.name("there"), Body=b"1", IfNoneMatch="*")


def test_policies_may_be_attached_and_a_boundary_bounds_them(world: World) -> None:
    iam, name = world.sandbox.client("iam"), world.name("role")
    everything = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    images = everything.replace('"*"', '"ecr:*"', 1)
    policies = [
        iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=document)["Policy"]["Arn"]
        for number, document in enumerate((everything, images))
    ]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy())["Role"]["Arn"]
    with pytest.raises(ClientError, match="Could not access model data"):
        world.model(role=role)
    iam.attach_role_policy(RoleName=name, PolicyArn=policies[0])
    assert world.model(role=role)
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=policies[1])
    with pytest.raises(ClientError, match="Could not access model data"):
        world.model(role=role)
