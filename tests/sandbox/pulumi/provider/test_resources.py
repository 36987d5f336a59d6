"""Every resource type, by the real engine: created, steady, changed, replaced, destroyed."""

import json

import pytest

from tests.sandbox.pulumi.engine import Project

pytestmark = pytest.mark.sandbox

FIRST = {"stage": "one", "actions": ["s3:GetObject"], "days": 7, "mutability": "IMMUTABLE"}
SECOND = {"stage": "two", "actions": ["s3:GetObject", "s3:ListBucket"], "days": 14, "mutability": "MUTABLE"}
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
SUBSCRIPTION = """
    topic = aws.sns.Topic("topic", name="{name}")
    aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="oncall@example.org")
"""


def test_a_second_up_and_a_refresh_change_nothing(project: Project) -> None:
    project.use("resources", name="steady", **FIRST)
    project.up()
    ran = project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert ran.code == 0, ran.text
    project.clean()
    outputs = project.outputs()
    assert outputs["key"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert outputs["repository"].endswith("/steady")


def test_what_can_be_updated_is_and_reaches_aws(project: Project) -> None:
    project.use("resources", name="moves", **FIRST)
    project.up()
    project.use("resources", name="moves", **SECOND)
    assert "replace" not in project.preview()
    project.up()
    project.clean()
    client = project.sandbox.client
    group = client("logs").describe_log_groups(logGroupNamePrefix="/moves")["logGroups"][0]
    assert group["retentionInDays"] == 14
    assert client("logs").list_tags_log_group(logGroupName="/moves")["tags"] == {"stage": "two", "team": "ml"}
    policy = client("iam").get_role_policy(RoleName="moves", PolicyName="may")["PolicyDocument"]
    assert policy["Statement"][0]["Action"] == ["s3:GetObject", "s3:ListBucket"]
    role = client("iam").get_role(RoleName="moves")["Role"]
    assert role["Description"] == "two"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/two")
    arn = "arn:aws:iam::123456789012:oidc-provider/moves.example.com"
    tokens = client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert sorted(tokens["ClientIDList"]) == ["sts.amazonaws.com", "two"]
    assert {tag["Key"]: tag["Value"] for tag in tokens["Tags"]} == {"stage": "two", "team": "ml"}
    rule = client("events").describe_rule(Name="moves")
    assert (rule["Description"], json.loads(rule["EventPattern"])) == ("two", {"source": ["two"]})
    assert client("events").describe_rule(Name="moves-schedule")["ScheduleExpression"] == "rate(14 days)"
    [target] = client("events").list_targets_by_rule(Rule="moves")["Targets"]
    assert (target["Id"], target["Input"]) == ("one", '"two"')
    alarm = client("cloudwatch").describe_alarms(AlarmNames=["moves"])["MetricAlarms"][0]
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (14007.0, "notBreaching")
    kinds = ["CompositeAlarm"]
    told = client("cloudwatch").describe_alarms(AlarmNamePrefix="moves", AlarmTypes=kinds)["CompositeAlarms"]
    assert [one.get("AlarmDescription") for one in told] == ["two", None]
    assert told[1]["ActionsSuppressorWaitPeriod"] == 14
    shown = client("cloudwatch").get_dashboard(DashboardName="moves")["DashboardBody"]
    assert json.loads(shown)["widgets"][0]["properties"] == {"markdown": "two"}
    repository = client("ecr").describe_repositories(repositoryNames=["moves"])["repositories"][0]
    assert repository["imageTagMutability"] == "MUTABLE"
    policy = json.loads(client("ecr").get_lifecycle_policy(repositoryName="moves")["lifecyclePolicyText"])
    assert policy["rules"][0]["selection"]["countNumber"] == 14


def test_destroy_leaves_nothing(project: Project) -> None:
    project.use("resources", name="goes", **FIRST)
    project.up()
    client = project.sandbox.client
    for key in ("kept", "kept", "deleted"):
        client("s3").put_object(Bucket="goes-bucket", Key=key, Body=b"1")
    client("s3").delete_object(Bucket="goes-bucket", Key="deleted")
    ran = project.pulumi("destroy", "--yes", "--skip-preview")
    assert ran.code == 0, ran.text
    assert [b for b in client("s3").list_buckets()["Buckets"] if b["Name"] == "goes-bucket"] == []
    assert client("cloudwatch").describe_alarms(AlarmNames=["goes"])["MetricAlarms"] == []
    assert client("cloudwatch").list_dashboards(DashboardNamePrefix="goes")["DashboardEntries"] == []
    assert client("logs").describe_log_groups(logGroupNamePrefix="/goes")["logGroups"] == []
    assert client("events").list_rules(NamePrefix="goes")["Rules"] == []
    providers = client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert [one["Arn"] for one in providers if one["Arn"].endswith("goes.example.com")] == []
    assert project.resources() == {}


def test_a_subscription_that_waits_for_confirmation_is_no_drift(project: Project) -> None:
    project.program(SUBSCRIPTION.format(name="pages"))
    project.up()
    project.clean()
    ran = project.pulumi("destroy", "--yes", "--skip-preview")
    assert ran.code == 0, ran.text


def test_drift_is_found_by_a_refresh_and_put_right_by_the_next_up(project: Project) -> None:
    project.use("resources", name="drifts", **FIRST)
    project.up()
    client = project.sandbox.client
    client("logs").put_retention_policy(logGroupName="/drifts", retentionInDays=1)
    client("iam").put_role_policy(RoleName="drifts", PolicyName="may", PolicyDocument=NOTHING)
    client("cloudwatch").delete_alarms(AlarmNames=["drifts"])
    client("events").remove_targets(Rule="drifts", Ids=["one"])
    arn = "arn:aws:iam::123456789012:oidc-provider/drifts.example.com"
    added = {"OpenIDConnectProviderArn": arn, "ClientID": "somebody"}
    client("iam").add_client_id_to_open_id_connect_provider(**added)
    client("s3").delete_public_access_block(Bucket="drifts-bucket")
    assert project.pulumi("preview", "--expect-no-changes").code == 0, "a preview does not look at AWS"
    assert project.pulumi("refresh", "--preview-only", "--expect-no-changes").code != 0
    steps = project.preview("--refresh")
    changed = {step["urn"].rpartition("::")[2] for op in ("update", "create") for step in steps.get(op, ())}
    assert changed == {"logs", "policy", "alarm", "private", "target", "tokens"}
    project.up("--refresh")
    project.clean()
    group = client("logs").describe_log_groups(logGroupNamePrefix="/drifts")["logGroups"][0]
    assert group["retentionInDays"] == 7


def test_a_name_that_cannot_change_is_replaced_new_first(project: Project) -> None:
    text = 'aws.cloudwatch.LogGroup("logs", name="/{name}", retention_in_days=1)'
    project.program(text.format(name="before"))
    project.up()
    project.program(text.format(name="after"))
    text = project.up().text
    assert text.index("creating replacement") < text.index("deleting original")
    groups = project.sandbox.client("logs").describe_log_groups()["logGroups"]
    assert "/before" not in [group["logGroupName"] for group in groups]


def test_a_replacement_that_keeps_its_name_deletes_first(project: Project) -> None:
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})

    def role(path: str) -> str:
        return f'aws.iam.Role("role", name="same", path="{path}", assume_role_policy={trust!r})'

    project.program(role("/a/"))
    project.up()
    project.program(role("/b/"))
    text = project.up().text
    assert text.index("deleting original") < text.index("creating replacement")
    assert project.sandbox.client("iam").get_role(RoleName="same")["Role"]["Path"] == "/b/"


def test_an_existing_resource_can_be_imported(project: Project) -> None:
    project.sandbox.client("logs").create_log_group(logGroupName="/there", tags={"by": "hand"})
    ran = project.pulumi(
        *("import", "aws:cloudwatch/logGroup:LogGroup", "logs", "/there"),
        *("--yes", "--skip-preview", "--generate-code=false", "--protect=false"),
    )
    assert ran.code == 0, ran.text
    project.program('aws.cloudwatch.LogGroup("logs", name="/there", tags={"by": "hand"})')
    project.clean()


def test_default_tags_of_the_stage_are_on_everything_and_no_drift(project: Project) -> None:
    default = json.dumps({"tags": {"owner": "platform"}})
    project.config({"aws:region": "us-east-1", "aws:defaultTags": default})
    project.program('aws.sns.Topic("topic", name="tagged", tags={"stage": "one"})')
    project.up()
    project.clean()
    state = project.resources()["topic"]["outputs"]
    assert (state["tags"], state["tagsAll"]) == ({"stage": "one"}, {"stage": "one", "owner": "platform"})
