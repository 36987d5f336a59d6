"""The CI stack, as its program declares it, and its settings."""

import json
from pathlib import Path

import pytest

from infra.arns import Place
from infra.ci.events import topic_policy
from infra.ci.program import compose
from infra.ci.settings import parse
from infra.ci.stage_files import Project, project_at
from release.domain.errors import UsageError
from sandbox.aws.events import patterns
from tests.conftest import ROOT
from tests.infra.ci.examples import PROJECT, by_name, settings
from tests.infra.declared import ACCOUNT, Declared, record, stage

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:events"


def declare(project: Project = PROJECT, **keys: object) -> Declared:
    """What the program declares for these settings."""
    return record(lambda: compose(settings(**keys), project), "main")


def test_the_account_trusts_github_once_and_has_a_role_for_each_job():
    declared = declare()
    provider = declared.one("OpenIdConnectProvider").inputs
    assert (provider["url"], provider["clientIdLists"]) == (
        "https://token.actions.githubusercontent.com",
        ["sts.amazonaws.com"],
    )
    roles = {found.name: found.inputs for found in declared.of("Role")}
    assert roles.keys() == by_name().keys()
    assert {found["maxSessionDuration"] for found in roles.values()} == {3600}
    assert {found["name"] for found in roles.values()} == {f"slipway-ci-{name}" for name in roles}
    assert all("permissionsBoundary" not in found for found in roles.values())
    policies = {found.name: found.inputs for found in declared.of("RolePolicy")}
    for name, role in by_name().items():
        assert (policies[name]["role"], policies[name]["policy"]) == (role.full_name, role.policy())
    assert declared.lookups == []


def test_a_provider_that_is_there_is_left_alone_and_a_boundary_bounds_every_role():
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/ci"
    declared = declare(provider_exists="true", permissions_boundary=boundary)
    assert declared.of("OpenIdConnectProvider") == []
    assert {found.inputs["permissionsBoundary"] for found in declared.of("Role")} == {boundary}


def test_stages_whose_roles_nothing_bounds_are_warned_of():
    (said,) = declare().warnings
    assert said.startswith("Nothing bounds the execution role of dev, staging, prod: ")
    bound = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    bounded = tuple(stage(name=name, permissions_boundary=bound) for name in ("dev", "staging"))
    (said,) = declare(Project((*bounded, stage(name="prod")))).warnings
    assert said.startswith("Nothing bounds the execution role of prod: ")
    assert declare(Project(bounded)).warnings == []


def test_only_who_brings_a_release_may_have_its_role_for_longer():
    longer = {
        found.name
        for found in declare(session_seconds="7200").of("Role")
        if found.inputs["maxSessionDuration"] == 7200
    }
    assert longer == {"release", "retrain", "promote-staging", "promote-prod"}
    for seconds in ("600", "50000"):
        with pytest.raises(UsageError, match="slipway-ci:session_seconds"):
            settings(session_seconds=seconds)


def test_the_same_data_declares_the_same_things():
    assert declare().aws() == declare().aws()
    assert len(declare().aws()) == len([one for one in declare().resources if one.type.startswith("aws:")])


def test_alarms_and_endpoints_of_the_stages_are_told_to_a_topic():
    declared = declare()
    rules = {found.name: found for found in declared.of("EventRule")}
    assert rules.keys() == {"alarms", "endpoints", "findings"}
    alarms, endpoints = (rules[name].document("eventPattern") for name in ("alarms", "endpoints"))
    assert alarms["detail-type"] == ["CloudWatch Alarm State Change"]
    assert {"prefix": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:delays-prod-"} in alarms["resources"]
    assert endpoints["detail"] == {"EndpointName": ["delays-dev", "delays-staging", "delays-prod"]}
    findings = rules["findings"].document("eventPattern")
    assert findings["source"] == ["slipway.monitoring"]
    assert findings["detail"] == {"endpointName": ["delays-dev", "delays-staging", "delays-prod"]}
    assert {found.inputs["arn"] for found in declared.of("EventTarget")} == {"arn:of:Topic:events"}
    assert all("input" not in found.inputs for found in declared.of("EventTarget")), "told as they are"


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        ("delays-prod-page", True),
        ("delays-prod-ticket", True),
        ("delays-prod-0c77e1d2ab93-errors", True),
        ("delays-prod-live-errors-fast-1h", False),
        ("delays-prod-candidate-latency-fast-5min", False),
        ("others-page", False),
    ],
)
def test_the_silent_alarms_of_objectives_are_told_by_the_one_over_them(alarm, told):
    """One fault rings many of them: whoever hears of alarms would otherwise hear of each."""
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": [f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{alarm}"],
        "detail": {"alarmName": alarm, "state": {"value": "ALARM"}},
    }
    [rule] = [one for one in declare().of("EventRule") if one.name == "alarms"]
    assert patterns.parse(rule.inputs["eventPattern"])(event) == told


def test_only_this_stacks_rules_publish_to_its_topic():
    (statement,) = json.loads(topic_policy(Place(ACCOUNT, "us-east-1")))["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    named = {found.inputs["name"] for found in declare(retrain_schedule="rate(7 days)").of("EventRule")}
    assert {source.rpartition("/")[2] for source in sources} == named
    assert declare().one("TopicPolicy").inputs["policy"] == topic_policy(Place(ACCOUNT, "us-east-1"))


def test_a_schedule_asks_for_a_retrain_and_a_setting_says_who_hears():
    role = f"arn:aws:iam::{ACCOUNT}:role/sends"
    declared = declare(retrain_schedule="rate(7 days)", events_to=QUEUE, events_role=role)
    (rule,) = [found for found in declared.of("EventRule") if found.name == "retrain"]
    assert rule.inputs["scheduleExpression"] == "rate(7 days)"
    assert "eventPattern" not in rule.inputs
    targets = [found.inputs for found in declared.of("EventTarget")]
    assert [(found["arn"], found["roleArn"]) for found in targets] == [(QUEUE, role)] * 4
    assert declared.of("Topic") == []


def test_events_of_another_region_or_account_are_another_stacks():
    elsewhere = stage(name="prod").model_copy(update={"region": "eu-west-1"})
    declared = declare(Project((*PROJECT.stages[:2], elsewhere)))
    (rule,) = [found for found in declared.of("EventRule") if found.name == "endpoints"]
    assert rule.document("eventPattern")["detail"]["EndpointName"] == ["delays-dev", "delays-staging"]
    nothing = Project((stage({}, name="dev"),))
    assert declare(nothing).of("EventRule") == [], "nobody listens to nothing"


@pytest.mark.parametrize(
    "repository",
    [
        "",
        "flights",
        "octo-org/*",
        "*/flights",
        "octo-org/flights:environment:prod",
        "o/r@1",
        "o@1/r",
        "o/r/s",
    ],
)
def test_a_repository_that_is_none_or_a_pattern_is_refused(repository):
    with pytest.raises(UsageError, match="slipway-ci:repository"):
        settings(repository=repository)


@pytest.mark.parametrize("schedule", ["weekly", "every(7 days)", "rate(7 days", "cron(0 6 ? * MON *); x"])
def test_a_schedule_that_eventbridge_does_not_know_is_refused(schedule):
    with pytest.raises(UsageError, match="slipway-ci:retrain_schedule"):
        settings(retrain_schedule=schedule)


def test_a_key_that_is_missing_or_misspelt_is_named_with_what_to_paste():
    with pytest.raises(UsageError) as error:
        parse("main", {"aws:region": "us-east-1", "slipway-ci:acount": "1"})
    said = str(error.value)
    assert "infra/ci/Pulumi.main.yaml is not valid" in said
    assert "slipway-ci:acount" in said
    assert 'slipway-ci:account: "123456789012"' in said
    assert "your-organization@123456/your-repository@456789" in said


def test_the_stages_are_those_of_the_repositorys_own_files():
    project = project_at(ROOT)
    assert [found.stage for found in project.stages] == ["dev", "staging", "prod"]
    assert [found.stage for found in project.of(ACCOUNT)] == ["dev", "staging", "prod"]


def test_a_stage_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match=r"Pulumi\.yaml cannot be read"):
        project_at(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("stages: [{name: dev}]\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {\n")
    with pytest.raises(UsageError, match=r"Pulumi\.dev\.yaml cannot be read"):
        project_at(tmp_path)
