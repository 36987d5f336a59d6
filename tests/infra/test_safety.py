"""What the stage's own resources promise: least privilege, nothing lost, nobody else let in."""

import json
from fnmatch import fnmatch
from typing import Any

import pytest

from infra.arns import Place
from monitoring.capture.places import PLACES
from monitoring.hours import place
from release.domain import names
from release.domain.errors import UsageError
from sandbox.aws.shared.policies import allows
from tests.infra.declared import ACCOUNT, NEW, OLD, Declared, declare, pin, stage

PINNED = {"delays": {"live": pin(NEW), "previous": pin(OLD)}}
UNNAMEABLE = {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}
"""Actions whose API knows no resource (AWS's service authorization reference)."""


@pytest.fixture(scope="module")
def declared() -> Declared:
    return declare(stage(PINNED))


@pytest.fixture(scope="module")
def protected() -> Declared:
    return declare(stage(PINNED, name="prod", protect=True))


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return policy["Statement"]


def of_role(declared: Declared, name: str = "role") -> dict[str, Any]:
    """A policy of the execution role: that of all endpoints, or another one."""
    (policy,) = [item for item in declared.of("RolePolicy") if item.name == name]
    return policy.document()


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_the_role_names_every_resource_that_can_be_named(declared):
    for statement in statements(of_role(declared)) + statements(of_role(declared, "role-batch")):
        actions = listed(statement["Action"])
        assert not [action for action in actions if "*" in action], actions
        for resource in listed(statement["Resource"]):
            if resource == "*":
                assert set(actions) <= UNNAMEABLE
            else:
                assert resource.startswith("arn:")
                named = resource.removesuffix("/models/*").removesuffix("/batch/*").removesuffix(":*")
                named = named.removesuffix("delays-dev-*").removesuffix("delays-dev-*/*")
                assert "*" not in named, resource


def test_the_role_reads_models_of_its_bucket_and_images_of_its_repository_only(declared):
    by_sid = {item["Sid"]: item for item in statements(of_role(declared))}
    assert by_sid["ReadModels"]["Resource"] == f"arn:aws:s3:::slipway-dev-{ACCOUNT}-us-east-1/models/*"
    assert by_sid["PullImages"]["Resource"] == f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/slipway-dev"
    assert by_sid["DecryptModels"]["Resource"] == "arn:of:Key:key"
    assert by_sid["WriteLogs"]["Resource"] == [
        f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/sagemaker/Endpoints/delays-dev:*"
    ]
    condition = {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Endpoints"}}
    assert by_sid["PublishContainerMetrics"]["Condition"] == condition


def test_the_role_may_keep_what_is_captured_and_join_a_network_only_where_a_pin_was_made_so(declared):
    """Settings alone change nothing: what is live does without, until they are applied."""
    vpc = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
    capture = {"percent": 5, "to": "s3://kept-elsewhere/delays"}
    asked = declare(stage({"delays": {**PINNED["delays"], "vpc": vpc, "capture": capture}}))
    assert len(asked.of("RolePolicy")) == len(declared.of("RolePolicy")) == 2
    found = declare(stage({"delays": {**PINNED["delays"], "previous": pin(OLD, vpc=vpc, capture=capture)}}))
    (policy,) = [item for item in found.of("RolePolicy") if item.name == "delays-permissions"]
    by_sid = {item["Sid"]: item for item in statements(policy.document())}
    assert set(by_sid) == {"KeepCaptured", "EncryptCaptured", "JoinNetwork"}
    assert by_sid["KeepCaptured"]["Action"] == "s3:PutObject"
    assert by_sid["KeepCaptured"]["Resource"] == ["arn:aws:s3:::kept-elsewhere/delays/*"]
    assert by_sid["EncryptCaptured"]["Resource"] == "arn:of:Key:key"
    assert {action.split(":")[0] for action in by_sid["JoinNetwork"]["Action"]} == {"ec2"}
    assert policy.inputs["role"] == found.one("Role").inputs["name"]


def test_the_role_of_a_container_that_keeps_requests_makes_the_hash_key_once_and_reads_it():
    live = pin(NEW, capture={"percent": 5, "to": "s3://kept-elsewhere/delays", "by": "container"})
    found = declare(stage({"delays": {**PINNED["delays"], "live": live}}))
    (policy,) = [item for item in found.of("RolePolicy") if item.name == "delays-permissions"]
    by_sid = {item["Sid"]: item for item in statements(policy.document())}
    assert set(by_sid) == {"KeepCaptured", "EncryptCaptured", "ReadHashKey", "MakeHashKey"}
    secret = f"arn:aws:s3:::slipway-dev-{ACCOUNT}-us-east-1/capture-secret/key"
    assert by_sid["ReadHashKey"]["Resource"] == by_sid["MakeHashKey"]["Resource"] == secret
    assert by_sid["MakeHashKey"]["Condition"] == {"Null": {"s3:if-none-match": "false"}}
    isolated = [model.inputs["enableNetworkIsolation"] for model in found.of("Model")]
    assert sorted(isolated) == [False, True], "the way back is as it was"
    assert not [one for one in found.of("EndpointConfiguration") if "dataCaptureConfig" in one.inputs]


def test_the_role_may_watch_every_alarm_that_an_update_can_name(declared):
    by_sid = {item["Sid"]: item for item in statements(of_role(declared))}
    (pattern,) = by_sid["WatchAlarms"]["Resource"]
    assert pattern == f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:delays-dev-*"
    watched = declare(stage({"delays": {**PINNED["delays"], "candidate": pin("81bb02aa6f10")}}))
    ends = ("-errors", "-latency")
    names = [a.inputs["name"] for a in watched.of("MetricAlarm") if a.inputs["name"].endswith(ends)]
    alarms = [f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}" for name in names]
    assert len(alarms) == 4
    assert all(fnmatch(alarm, pattern) for alarm in alarms)
    assert of_role(watched) == of_role(declared), "it need not follow"


def test_a_job_reads_and_writes_one_folder_of_the_stages_bucket_and_what_the_stage_names_besides(declared):
    own = f"arn:aws:s3:::slipway-dev-{ACCOUNT}-us-east-1"
    by_sid = {item["Sid"]: item for item in statements(of_role(declared, "role-batch"))}
    assert by_sid["ReadRows"]["Resource"] == by_sid["WriteAnswers"]["Resource"] == [f"{own}/batch/*"]
    assert by_sid["ListRows0"]["Resource"] == own
    assert by_sid["ListRows0"]["Condition"] == {"StringLike": {"s3:prefix": ["batch/*"]}}
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/sagemaker/TransformJobs"
    assert by_sid["WriteJobLogs"]["Resource"] == [f"{group}:log-stream:delays-dev-*/*"]
    places = {"reads": ["s3://warehouse/flights", "s3://lake"], "writes": ["s3://warehouse/scores"]}
    other = declare(stage(PINNED, batch=places))
    by_sid = {item["Sid"]: item for item in statements(of_role(other, "role-batch"))}
    folder = "arn:aws:s3:::warehouse/{0}", "arn:aws:s3:::warehouse/{0}/*"
    flights, scores = ([each.format(name) for each in folder] for name in ("flights", "scores"))
    assert by_sid["ReadRows"]["Resource"] == [f"{own}/batch/*", *flights, "arn:aws:s3:::lake/*"]
    assert by_sid["WriteAnswers"]["Resource"] == [f"{own}/batch/*", *scores]
    assert by_sid["ListRows1"]["Condition"] == {"StringLike": {"s3:prefix": ["flights*"]}}
    assert by_sid["ListRows2"]["Resource"] == "arn:aws:s3:::lake"
    with pytest.raises(UsageError, match=r"slipway:batch\.reads"):
        stage(PINNED, batch={"reads": ["warehouse/*"]})


def test_only_sagemaker_for_this_account_assumes_the_role(declared):
    (statement,) = statements(declared.one("Role").document("assumeRolePolicy"))
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_the_role_is_bounded_where_the_stage_says_so(declared):
    assert "permissionsBoundary" not in declared.one("Role").inputs
    bound = f"arn:aws:iam::{ACCOUNT}:policy/ml/boundary"
    assert (
        declare(stage(PINNED, permissions_boundary=bound)).one("Role").inputs["permissionsBoundary"] == bound
    )
    with pytest.raises(UsageError, match="slipway:permissions_boundary"):
        stage(PINNED, permissions_boundary="boundary")


def test_tags_never_move_and_every_image_is_scanned(declared):
    repository = declared.one("Repository").inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "arn:of:Key:key"}]


def test_no_lifecycle_rule_can_match_an_image_with_a_tag(declared):
    """Every release's image has one, so none that a stage names can ever be evicted."""
    rules = json.loads(declared.one("LifecyclePolicy").inputs["policy"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged"]
    assert rules[0]["selection"]["countType"] == "sinceImagePushed"


def test_the_retention_of_the_stage_is_kept():
    declared = declare(stage(PINNED, retention={"log_days": 7, "untagged_image_days": 5}))
    assert declared.one("LogGroup").inputs["retentionInDays"] == 7
    rules = json.loads(declared.one("LifecyclePolicy").inputs["policy"])["rules"]
    assert rules[0]["selection"]["countNumber"] == 5


def test_nothing_of_the_bucket_expires_unasked_but_earlier_versions_of_heartbeats_and_monitoring(declared):
    """No current object ever does, so neither can what a pin names, nor the ledger, nor old captures."""
    rules = declared.one("BucketLifecycleConfiguration").inputs["rules"]
    assert [(rule["id"], rule["filter"], rule["noncurrentVersionExpiration"]) for rule in rules] == [
        ("former-heartbeats", {"prefix": "ledger-heartbeat"}, {"noncurrentDays": 1}),
        ("former-monitoring", {"prefix": "monitoring/"}, {"noncurrentDays": 30}),
        ("former-findings", {"prefix": "findings/"}, {"noncurrentDays": 30}),
    ]
    for rule in rules:
        assert rule["expiration"] == {"expiredObjectDeleteMarker": True}
        assert rule["status"] == "Enabled"


@pytest.mark.parametrize(
    "key",
    [
        names.HEARTBEAT,
        names.retrain_heartbeat("delays"),
        f"{names.FINDINGS}5c0e9d1a7b42.json",
        *(f"{place('delays')}{folder}" for folder in PLACES),
    ],
)
def test_what_is_written_again_and_again_leaves_no_versions_for_good(declared, key):
    """S3 keeps a version of each write, and of each deletion."""
    rules = declared.one("BucketLifecycleConfiguration").inputs["rules"]
    assert [rule["id"] for rule in rules if key.startswith(rule["filter"]["prefix"])]


def test_captures_and_their_rows_go_after_the_days_that_a_stage_asks_for():
    declared = declare(stage(PINNED, retention={"capture_days": 90}))
    rules = declared.one("BucketLifecycleConfiguration").inputs["rules"]
    captures = [rule for rule in rules if not rule["id"].startswith("former-")]
    assert [rule["filter"]["prefix"] for rule in captures] == [
        "capture/",
        "monitoring/delays/rows/",
        "monitoring/delays/quarantine/",
    ]
    for rule in captures:
        assert rule["expiration"] == {"days": 90}
        assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 1}
        assert rule["status"] == "Enabled"


def test_the_bucket_is_reached_by_tls_only(declared):
    (statement,) = statements(declared.one("BucketPolicy").document())
    bucket = f"arn:aws:s3:::slipway-dev-{ACCOUNT}-us-east-1"
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == [bucket, f"{bucket}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_bucket_is_private_encrypted_and_keeps_every_version(declared):
    block = declared.one("BucketPublicAccessBlock").inputs
    assert [value for key, value in block.items() if key != "bucket"] == [True] * 4
    (rule,) = declared.one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": "arn:of:Key:key",
    }
    assert declared.one("BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}


def test_a_protected_stage_never_empties_its_bucket_or_registry(declared, protected):
    for stage_, forced in ((declared, True), (protected, False)):
        assert stage_.one("Bucket").inputs["forceDestroy"] is forced
        assert stage_.one("Repository").inputs["forceDelete"] is forced
    assert protected.one("Key").inputs["deletionWindowInDays"] == 30


def test_the_key_rotates_and_lets_alarms_reach_the_encrypted_topic(declared):
    key = declared.one("Key")
    assert key.inputs["enableKeyRotation"] is True
    assert declared.one("Topic").inputs["kmsMasterKeyId"] == "arn:of:Key:key"
    services = {
        item["Principal"]["Service"]: item
        for item in statements(key.document())
        if "Service" in item["Principal"]
    }
    cloudwatch = services["cloudwatch.amazonaws.com"]
    assert cloudwatch["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert cloudwatch["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_only_this_accounts_alarms_publish_to_the_topic(declared):
    (statement,) = statements(declared.one("TopicPolicy").document())
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert statement["Resource"] == f"arn:aws:sns:us-east-1:{ACCOUNT}:slipway-dev-alerts"


def test_an_email_address_in_the_data_is_subscribed():
    declared = declare(stage(PINNED, alerts={"email": "oncall@example.org"}))
    assert declared.one("TopicSubscription").inputs["endpoint"] == "oncall@example.org"
    assert declare(stage(PINNED)).of("TopicSubscription") == []


def test_no_alarm_rings_for_want_of_data(declared):
    assert {alarm.inputs["treatMissingData"] for alarm in declared.of("MetricAlarm")} == {"notBreaching"}


def test_one_failed_request_in_a_quiet_minute_rings_nothing():
    alarms = {"errors_percent": 2.5, "latency_ms": 250}
    declared = declare(stage({"delays": {"alarms": alarms}}))
    by_name = {alarm.inputs["name"]: alarm.inputs for alarm in declared.of("MetricAlarm")}
    errors, latency = by_name["delays-dev-errors"], by_name["delays-dev-latency"]
    assert errors["threshold"] == 2.5
    assert [q["expression"] for q in errors["metricQueries"] if "expression" in q] == [
        "IF(requests >= 20, 100 * (failures - refusals) / requests, 0)"
    ]
    # SageMaker reports the model's latency in microseconds.
    assert latency["threshold"] == 250_000
    assert [q["expression"] for q in latency["metricQueries"] if "expression" in q] == [
        "IF(requests >= 100, latency, 0)"
    ]
    assert [q["metric"]["stat"] for q in latency["metricQueries"] if "metric" in q] == ["Sum", "p99"]


def test_an_alarm_tells_nobody_by_itself(declared):
    """One fault rings several; the composite alarms over them tell once."""
    assert not any(alarm.inputs.get("alarmActions") for alarm in declared.of("MetricAlarm"))
    assert all(alarm.inputs["alarmActions"] for alarm in declared.of("CompositeAlarm"))


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
    ],
)
def test_arns_are_of_the_regions_partition(region, partition):
    assert Place(ACCOUNT, region).arn("sns", "t") == f"arn:{partition}:sns:{region}:{ACCOUNT}:t"
    assert Place(ACCOUNT, region).bucket("b") == f"arn:{partition}:s3:::b"


def test_a_training_may_read_inputs_and_keep_its_outputs_and_reaches_nothing_that_serves():
    """And where a stage says nothing of training there is no role for it."""
    declared = declare(stage(PINNED, training={}))
    names = {role.inputs["name"] for role in declared.of("Role")}
    assert names == {"slipway-dev-us-east-1-execution", "slipway-dev-us-east-1-training"}
    assert len(declare(stage(PINNED)).of("Role")) == 1
    (policy,) = [item for item in declared.of("RolePolicy") if item.name == "training"]
    assert policy.inputs["role"] == "slipway-dev-us-east-1-training"
    documents, bucket = [policy.document()], f"arn:aws:s3:::slipway-dev-{ACCOUNT}-us-east-1"
    may = {
        "s3:GetObject": ("data/files/md5/ab/cd", "models/ab/model.tar.gz", "training/checkpoints/x"),
        "s3:PutObject": ("training/job/output/output.tar.gz",),
    }
    for action, keys in may.items():
        assert all(allows(documents, action, f"{bucket}/{key}") for key in keys)
    for key in ("ledger/00000001.json", "approvals/x.json", "releases/x/manifest.json", "models/x"):
        assert not allows(documents, "s3:PutObject", f"{bucket}/{key}"), key
    assert not allows(documents, "s3:GetObject", f"{bucket}/ledger/00000001.json")
    for group in ("TrainingJobs", "ProcessingJobs"):
        stream = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/sagemaker/{group}:log-stream:x"
        assert allows(documents, "logs:PutLogEvents", stream), group
    assert not [one for one in statements(documents[0]) for action in listed(one["Action"]) if "*" in action]
