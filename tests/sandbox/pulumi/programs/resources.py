"""A Pulumi program: one of every resource type but SageMaker's, from the config `trial:values`."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

values = pulumi.Config().require_object("values")
name, stage, days = values["name"], values["stage"], values["days"]
tags = {"stage": stage, "team": "ml"}


def policy(**statement: object) -> str:
    """A document of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


sagemaker = {"Service": "sagemaker.amazonaws.com"}
cloudwatch = {"Service": "cloudwatch.amazonaws.com"}

key = aws.kms.Key("key", description=stage, enable_key_rotation=True, deletion_window_in_days=7, tags=tags)
aws.kms.Alias("alias", name=f"alias/{name}", target_key_id=key.key_id)

bucket = aws.s3.Bucket("bucket", bucket=f"{name}-bucket", force_destroy=True, tags=tags)
aws.s3.BucketVersioning("versions", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
aws.s3.BucketOwnershipControls(
    "owner", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}
)
aws.s3.BucketPublicAccessBlock("private", bucket=bucket.bucket, block_public_acls=True)
aws.s3.BucketServerSideEncryptionConfiguration(
    "encrypted",
    bucket=bucket.bucket,
    rules=[
        {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": key.arn,
            },
            "bucket_key_enabled": True,
        }
    ],
)
aws.s3.BucketPolicy(
    "rules",
    bucket=bucket.bucket,
    policy=policy(
        Effect="Deny",
        Principal="*",
        Action="s3:*",
        Resource=f"arn:aws:s3:::{name}-bucket/*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    ),
)

repository = aws.ecr.Repository(
    "images",
    name=name,
    image_tag_mutability=values["mutability"],
    image_scanning_configuration={"scan_on_push": True},
    force_delete=True,
    tags=tags,
)
aws.ecr.LifecyclePolicy(
    "lifecycle",
    repository=repository.name,
    policy=json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": days,
                    },
                    "action": {"type": "expire"},
                }
            ]
        }
    ),
)

aws.s3.BucketLifecycleConfiguration(
    "expiry",
    bucket=bucket.bucket,
    rules=[
        {
            "id": "former",
            "status": "Enabled",
            "filter": {"prefix": "kept-once"},
            "expiration": {"expired_object_delete_marker": True},
            "noncurrent_version_expiration": {"noncurrent_days": days},
        }
    ],
)

role = aws.iam.Role(
    "role",
    name=name,
    description=stage,
    assume_role_policy=policy(Effect="Allow", Action="sts:AssumeRole", Principal=sagemaker),
    permissions_boundary=f"arn:aws:iam::123456789012:policy/{values['stage']}",
    tags=tags,
)
aws.iam.RolePolicy(
    "policy",
    name="may",
    role=role.name,
    policy=policy(Effect="Allow", Action=values["actions"], Resource="*"),
)

aws.iam.OpenIdConnectProvider(
    "tokens",
    url=f"https://{name}.example.com",
    client_id_lists=[stage, "sts.amazonaws.com"],
    tags=tags,
)
rule = aws.cloudwatch.EventRule(
    "rule", name=name, description=stage, event_pattern=json.dumps({"source": [stage]}), tags=tags
)
schedule = aws.cloudwatch.EventRule(
    "schedule", name=f"{name}-schedule", schedule_expression=f"rate({days} days)"
)

aws.cloudwatch.LogGroup("logs", name=f"/{name}", retention_in_days=days, tags=tags)
topic = aws.sns.Topic("topic", name=name, display_name=stage, tags=tags)
aws.sns.TopicPolicy(
    "publish",
    arn=topic.arn,
    policy=topic.arn.apply(
        lambda arn: policy(Effect="Allow", Action="sns:Publish", Resource=arn, Principal=cloudwatch)
    ),
)

aws.cloudwatch.EventTarget("target", rule=rule.name, target_id="one", arn=topic.arn, input=f'"{stage}"')

aws.cloudwatch.MetricAlarm(
    "alarm",
    name=name,
    namespace="AWS/SageMaker",
    metric_name="ModelLatency",
    dimensions={"EndpointName": name},
    extended_statistic="p99",
    period=60,
    evaluation_periods=1,
    comparison_operator="GreaterThanThreshold",
    threshold=days * 1000.5,
    treat_missing_data="notBreaching",
    evaluate_low_sample_count_percentiles="ignore",
    alarm_actions=[topic.arn],
    tags=tags,
)


def total(identifier: str, metric: str) -> Any:
    """A metric query: the sum of a metric, for an expression."""
    return {
        "id": identifier,
        "metric": {
            "namespace": "AWS/SageMaker",
            "metric_name": metric,
            "dimensions": {"EndpointName": name},
            "period": 60,
            "stat": "Sum",
        },
    }


share = aws.cloudwatch.MetricAlarm(
    "share",
    name=f"{name}-share",
    evaluation_periods=1,
    threshold=days,
    comparison_operator="GreaterThanThreshold",
    metric_queries=[
        {"id": "share", "expression": "100 * errors / requests", "return_data": True},
        total("errors", "Invocation5XXErrors"),
        total("requests", "Invocations"),
    ],
)

page = aws.cloudwatch.CompositeAlarm(
    "page",
    alarm_name=f"{name}-page",
    alarm_description=stage,
    alarm_rule=share.name.apply(lambda one: f"ALARM({one})"),
    alarm_actions=[topic.arn],
    tags=tags,
)
aws.cloudwatch.CompositeAlarm(
    "ticket",
    alarm_name=f"{name}-ticket",
    alarm_rule=share.name.apply(lambda one: f"NOT OK({one})"),
    actions_suppressor={"alarm": page.alarm_name, "wait_period": days, "extension_period": 60},
)
aws.cloudwatch.Dashboard(
    "shown",
    dashboard_name=name,
    dashboard_body=json.dumps({"widgets": [{"type": "text", "properties": {"markdown": stage}}]}),
)

pulumi.export("repository", repository.repository_url)
pulumi.export("key", key.arn)
