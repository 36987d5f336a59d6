"""Policy documents, as pure functions of names.

Wherever AWS lets a resource be named, it is named. `*` stands only where the API knows no resource
(`ecr:GetAuthorizationToken`, `cloudwatch:PutMetricData`), for the network interfaces that SageMaker makes,
and in a KMS key's own policy, where it means "this key".
"""

import json
from collections.abc import Sequence
from typing import Any

from infra.arns import Place
from release.domain import names, s3_uri
from release.domain.batch import FOLDER, LOG_GROUP
from release.domain.capture import Capture

Statement = dict[str, Any]

CONTAINER_METRICS_NAMESPACE = "/aws/sagemaker/Endpoints"
"""Where SageMaker's agent on the instance publishes CPU, memory and disk, as the execution role."""

_OF_A_NETWORK = (
    *("CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface"),
    *("DeleteNetworkInterfacePermission", "DescribeNetworkInterfaces", "DescribeVpcs", "DescribeDhcpOptions"),
    *("DescribeSubnets", "DescribeSecurityGroups"),
)

_PIPELINE_JOBS = ("training-job", "processing-job")
_OF_JOBS = (
    *("CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob"),
    *("CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob", "AddTags"),
)
_OF_PACKAGES = ("CreateModelPackage", "DescribeModelPackage", "AddTags")


def document(*statements: Statement) -> str:
    """A policy document; the same statements give the same text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def sagemaker_trust(place: Place) -> str:
    """Who may assume the roles of endpoints and trainings: SageMaker, on behalf of this account only."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": place.account}},
        }
    )


def execution(
    place: Place,
    bucket: str,
    repository: str,
    key_arn: str,
    log_groups: Sequence[str],
    alarms: Sequence[str],
) -> str:
    """What an endpoint's instances may do: read models, pull the image, write their logs and metrics.

    `cloudwatch:DescribeAlarms` is how SageMaker watches an update's alarms, with this role. `alarms` are
    patterns: each update has alarms of its own, and a policy that changed with each would come too late for
    it.
    """
    statements: list[Statement] = [
        allow("ReadModels", "s3:GetObject", f"{place.bucket(bucket)}/models/*"),
        allow("DecryptModels", "kms:Decrypt", key_arn),
        *_pull_images(place, repository),
        {
            **allow("PublishContainerMetrics", "cloudwatch:PutMetricData", "*"),
            "Condition": {"StringEquals": {"cloudwatch:namespace": CONTAINER_METRICS_NAMESPACE}},
        },
    ]
    if log_groups:
        arns = [place.arn("logs", f"log-group:{name}:*") for name in log_groups]
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        statements.append(allow("WriteLogs", actions, arns))
    if alarms:
        arns = [place.arn("cloudwatch", f"alarm:{name}") for name in alarms]
        statements.append(allow("WatchAlarms", "cloudwatch:DescribeAlarms", arns))
    return document(*statements)


def training(place: Place, bucket: str, repository: str, key_arn: str) -> str:
    """What a training may do, and a pipeline's jobs around it: read inputs, keep what they make, write logs.

    SageMaker lists a channel's prefix before it copies what is there.
    """
    arn, kept = place.bucket(bucket), f"{place.bucket(bucket)}/{names.TRAINING}/*"
    read = [f"{arn}/{names.DATA}/*", f"{arn}/models/*"]
    prefixes = [f"{names.DATA}/*", "models/*", f"{names.TRAINING}/*"]
    groups = (names.TRAINING_LOGS, names.PROCESSING_LOGS)
    logs = [place.arn("logs", f"log-group:{group}{streams}") for group in groups for streams in ("", ":*")]
    return document(
        allow("ReadInputs", "s3:GetObject", read),
        {
            **allow("ListInputs", "s3:ListBucket", arn),
            "Condition": {"StringLike": {"s3:prefix": prefixes}},
        },
        allow("KeepOutputs", ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], kept),
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn),
        *_pull_images(place, repository),
        {
            **allow("PublishMetrics", "cloudwatch:PutMetricData", "*"),
            "Condition": {"StringEquals": {"cloudwatch:namespace": list(groups)}},
        },
        allow(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            logs,
        ),
    )


def pipeline(place: Place, stage: str, endpoints: Sequence[str], bucket: str, key_arn: str) -> str:
    """What the executions of the endpoints' retraining pipelines may do.

    They start, watch and stop jobs, hand the training role to them, read what those left, and register it.
    Registering a model reads it and looks its image up. `endpoints` are names of the stage's file.
    """
    jobs = [
        place.arn("sagemaker", f"{kind}/{names.pipeline_jobs(name, stage)}-*")
        for name in endpoints
        for kind in _PIPELINE_JOBS
    ]
    groups = [names.retrained_group(names.endpoint(name, stage)) for name in endpoints]
    packages = [place.arn("sagemaker", f"model-package/{group}/*") for group in groups]
    into = [place.arn("sagemaker", f"model-package-group/{group}") for group in groups]
    training_role = place.iam(f"role/{names.training_role(stage, place.region)}")
    repository = place.arn("ecr", f"repository/{names.repository(stage)}")
    of_endpoints = [
        allow("RunJobs", [f"sagemaker:{action}" for action in _OF_JOBS], jobs),
        allow("Register", [f"sagemaker:{action}" for action in _OF_PACKAGES], [*into, *packages]),
    ]
    return document(
        *(of_endpoints if endpoints else ()),
        {
            **allow("TrainingRoleToSageMaker", "iam:PassRole", training_role),
            "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        },
        allow("ReadOutputs", "s3:GetObject", f"{place.bucket(bucket)}/{names.TRAINING}/*"),
        allow("DecryptOutputs", "kms:Decrypt", key_arn),
        allow("LookUpImages", ["ecr:BatchGetImage", "ecr:DescribeImages"], repository),
    )


def _pull_images(place: Place, repository: str) -> tuple[Statement, Statement]:
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return (
        allow("LogInToRegistries", "ecr:GetAuthorizationToken", "*"),
        allow("PullImages", actions, place.arn("ecr", f"repository/{repository}")),
    )


def fleet(place: Place, key_arn: str, captures: Sequence[Capture], in_a_network: bool, bucket: str) -> str:
    """What the instances of some endpoints may do besides.

    `captures` are kept where they say, and `bucket` is the stage's. `in_a_network` says that instances get
    network interfaces in subnets of the account's own ("Give SageMaker AI Hosted Endpoints Access to
    Resources in Your Amazon VPC" in the developer guide).
    """
    statements: list[Statement] = []
    if captures:
        places = sorted({one.to.removeprefix("s3://") for one in captures})
        keys = [key_arn, *sorted({one.key for one in captures if one.key})]
        objects = [f"{place.bucket(path)}/*" for path in places]
        statements.append(allow("KeepCaptured", "s3:PutObject", objects))
        statements.append(allow("EncryptCaptured", "kms:GenerateDataKey", keys if keys[1:] else key_arn))
    if any(one.by_container for one in captures):
        secret = f"{place.bucket(bucket)}/{names.CAPTURE_SECRET}"
        statements.append(allow("ReadHashKey", "s3:GetObject", secret))
        # a key that was replaced would make every hash before it one that nobody can find again
        once = {"Condition": {"Null": {"s3:if-none-match": "false"}}}
        statements.append(allow("MakeHashKey", "s3:PutObject", secret) | once)
    if in_a_network:
        statements.append(allow("JoinNetwork", [f"ec2:{action}" for action in _OF_A_NETWORK], "*"))
    return document(*statements)


def batch(
    place: Place, bucket: str, key_arn: str, jobs: Sequence[str], reads: Sequence[str], writes: Sequence[str]
) -> str:
    """What a model's containers may do besides, in a transform job: read rows, write answers and logs.

    `jobs` are patterns of their names; `reads` and `writes` are places of S3 as `s3://` URIs, besides the
    folder for it in the stage's own bucket. The log group is all transform jobs', so no stage makes it.
    """
    own = f"s3://{bucket}/{FOLDER}"
    read, written = [own, *reads], [own, *writes]
    group = place.arn("logs", f"log-group:{LOG_GROUP}")
    streams = [f"{group}:log-stream:{job}/*" for job in jobs]
    return document(
        *(_list(place, number, uri) for number, uri in enumerate(read)),
        allow("ReadRows", "s3:GetObject", [found for uri in read for found in objects(place, uri)]),
        allow("WriteAnswers", "s3:PutObject", [found for uri in written for found in objects(place, uri)]),
        allow("EncryptAnswers", "kms:GenerateDataKey", key_arn),
        allow("MakeJobLogs", ["logs:CreateLogGroup", "logs:DescribeLogStreams"], f"{group}:*"),
        *([allow("WriteJobLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)] if jobs else ()),
    )


def _list(place: Place, number: int, uri: str) -> Statement:
    """SageMaker lists a job's files as the role, and refuses a job where it finds none."""
    bucket, folder = s3_uri.parts(uri)
    statement = allow(f"ListRows{number}", "s3:ListBucket", place.bucket(bucket))
    return {**statement, "Condition": {"StringLike": {"s3:prefix": [f"{folder}*"]}}} if folder else statement


def objects(place: Place, uri: str) -> list[str]:
    """The objects at a place: that of its name, and those of the folder."""
    bucket, folder = s3_uri.parts(uri)
    arn, inside = place.bucket(bucket), folder.rstrip("/")
    named = [f"{arn}/{inside}"] if inside and not folder.endswith("/") else []
    return [*named, f"{arn}/{inside}/*" if inside else f"{arn}/*"]


def tls_only(place: Place, bucket: str) -> str:
    """Nobody reaches the bucket without TLS."""
    arn = place.bucket(bucket)
    return document(
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def key(place: Place) -> str:
    """Who may use the key: those whom the account's IAM allows, and CloudWatch to publish alarms.

    Without the second statement an alarm's message to the encrypted topic is lost without a trace.
    """
    return document(
        {
            "Sid": "AccountDecidesByIam",
            "Effect": "Allow",
            "Principal": {"AWS": place.root()},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "AlarmsReachTheEncryptedTopic",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": place.account}},
        },
    )


def topic(place: Place, name: str) -> str:
    """Who may publish to the alarm topic: CloudWatch, for alarms of this account and region."""
    return document(
        {
            "Sid": "AlarmsPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": place.arn("sns", name),
            "Condition": {
                "StringEquals": {"aws:SourceAccount": place.account},
                "ArnLike": {"aws:SourceArn": place.arn("cloudwatch", "alarm:*")},
            },
        }
    )


def expire_untagged(days: int) -> str:
    """The registry's only lifecycle rule: images without a tag go after `days` days.

    Every release's image has an immutable tag, so no image that a stage names can match, however old it
    is and however many there are.
    """
    rule = {
        "rulePriority": 1,
        "description": "Layers of builds that became no release",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]}, sort_keys=True)


def allow(sid: str, actions: str | list[str], resources: str | list[str]) -> Statement:
    """A statement that allows these actions on these resources."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def resources(statement: Statement) -> list[str]:
    """What a statement is about, also where it names one thing alone."""
    named = statement["Resource"]
    return [named] if isinstance(named, str) else list(named)
