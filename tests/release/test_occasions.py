"""Why a retrain was asked for: the events of EventBridge that ask for one, and all others that do not."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import occasions
from release.domain.errors import UsageError
from release.domain.occasions import Asked, AsksNothing, Occasion

ACCOUNT, REGION = "123456789012", "us-east-1"
COMMON = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "account": ACCOUNT,
    "time": "2026-03-08T16:53:06Z",
    "region": REGION,
}
SCHEDULE = COMMON | {
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/monthly"],
    "detail": {},
}
SCHEDULER = SCHEDULE | {
    "source": "aws.scheduler",
    "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/monthly"],
    "detail": "{}",
}
STATE = {
    "value": "ALARM",
    "reason": "Threshold Crossed: 1 out of the last 1 datapoints [0.31] was greater than 0.25.",
    "reasonData": "{}",
    "timestamp": "2026-03-08T16:53:06.000+0000",
}
ALARM: dict[str, Any] = COMMON | {
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:delays-prod-score"],
    "detail": {"alarmName": "delays-prod-score", "state": STATE, "previousState": {"value": "OK"}},
}


ASKED = Asked("prod", ACCOUNT, REGION, ("quality",))


def of(event) -> Occasion:
    return occasions.of_event(json.dumps(event).encode(), ASKED)[0]


def with_state(**state):
    return ALARM | {"detail": ALARM["detail"] | {"state": STATE | state}}


@pytest.mark.parametrize("event", [SCHEDULE, SCHEDULER])
def test_a_schedule_asks_by_the_name_of_its_rule(event):
    found = of(event)
    assert (found.kind, found.name, found.event, found.at) == (
        "schedule",
        "monthly",
        COMMON["id"],
        COMMON["time"],
    )
    assert str(found) == "schedule monthly"


def test_a_schedule_may_be_kept_in_another_account_and_region_than_the_stage():
    assert of(SCHEDULE | {"account": "210987654321", "region": "eu-west-1"}).name == "monthly"


def test_an_alarm_asks_by_its_name_and_reason():
    found = of(ALARM)
    assert (found.kind, found.name, found.because) == ("alarm", "delays-prod-score", STATE["reason"])
    assert str(found).startswith("alarm delays-prod-score: Threshold Crossed")


def test_a_schedule_without_resources_has_no_name_and_asks_all_the_same():
    assert str(of(SCHEDULE | {"resources": []})) == "a schedule"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (
            ALARM | {"account": "210987654321"},
            "it is of account '210987654321', and the stage is of 123456789012",
        ),
        (ALARM | {"region": "eu-west-1"}, "it is of region 'eu-west-1'"),
        (with_state(value=None), "it has no value"),
        (ALARM | {"detail": {}}, "an alarm's event has a detail with its state"),
        (ALARM | {"detail": "ALARM"}, "an alarm's event has a detail with its state"),
        (ALARM | {"source": "my.app"}, "comes from aws.cloudwatch, and this one from 'my.app'"),
        (SCHEDULE | {"detail-type": "EC2 Instance State-change Notification"}, "its detail-type is 'EC2"),
        (SCHEDULE | {"detail-type": ["Scheduled Event"]}, "its detail-type is ['Scheduled Event']"),
        (SCHEDULE | {"id": ""}, "it has no id"),
        (SCHEDULE | {"time": 7}, "it has no time"),
        ([SCHEDULE], "it is no JSON object"),
        (None, "it is no JSON object"),
    ],
)
def test_any_other_event_is_refused_with_words(event, why):
    with pytest.raises(UsageError) as no:
        of(event)
    assert why in no.value.cause
    assert "docs/retraining.md" in no.value.next_step


FINDING: dict[str, Any] = COMMON | {
    "detail-type": "Slipway Finding Opened",
    "source": "slipway.monitoring",
    "resources": [],
    "detail": {
        "schema": 1,
        "finding": "5c0e9d1a7b42",
        "occurrence": 2,
        "stage": "prod",
        "endpoint": "delays",
        "release": "7f9ae170c5b5",
        "kind": "quality",
        "subject": "calibration",
        "summary": "The calibration error is 0.081.",
    },
}


@pytest.mark.parametrize("event", [FINDING, {"action": "x", "client_payload": {"event": FINDING}}])
def test_a_finding_asks_as_itself_whatever_the_event_is_carried_by(event):
    found, about = occasions.of_event(json.dumps(event).encode(), ASKED)
    assert (found.kind, found.name, found.event) == (
        "finding",
        "quality of calibration",
        "finding-5c0e9d1a7b42-2",
    )
    assert (about.endpoint, about.release) == ("delays", "7f9ae170c5b5")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"stage": "staging"}, "it is of the stage 'staging', and prod is asked"),
        ({"occurrence": "2"}, "its detail has no occurrence"),
        ({"release": 7}, "its release is no text"),
        ({"summary": None}, "it has no summary"),
    ],
)
def test_a_finding_of_another_stage_or_form_is_refused_with_words(changes, why):
    with pytest.raises(UsageError) as no:
        of(FINDING | {"detail": FINDING["detail"] | changes})
    assert why in no.value.cause


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (with_state(value="OK"), "The alarm delays-prod-score is in OK: only one in ALARM asks"),
        (with_state(value="INSUFFICIENT_DATA"), "is in INSUFFICIENT_DATA"),
        (FINDING | {"detail-type": "Slipway Finding Closed"}, "The finding 5c0e9d1a7b42 is closed"),
        (
            FINDING | {"detail": FINDING["detail"] | {"kind": "drift"}},
            "The finding 5c0e9d1a7b42 is of 'drift', and slipway:retrain.on of prod names quality",
        ),
    ],
)
def test_an_event_of_the_stage_that_tells_of_something_else_asks_for_nothing(event, why):
    with pytest.raises(AsksNothing) as nothing:
        of(event)
    assert why in str(nothing.value)


@pytest.mark.parametrize("changes", [{"source": "aws.s3"}, {"account": "9"}, {"detail": "x"}])
@pytest.mark.parametrize("told", ["Slipway Finding Opened", "Slipway Finding Closed"])
def test_a_finding_from_elsewhere_is_refused_whatever_it_tells(told, changes):
    with pytest.raises(UsageError, match="asks for no retrain"):
        of(FINDING | {"detail-type": told} | changes)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_event_are_refused(data):
    with pytest.raises(UsageError, match="asks for no retrain"):
        occasions.of_event(data, ASKED)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([SCHEDULE, ALARM]), st.sampled_from(sorted(ALARM)), JSON)
def test_an_event_with_anything_in_one_place_is_an_occasion_or_refused(event, key, value):
    with suppress(UsageError, AsksNothing):
        found = of(event | {key: value})
        assert found.event
        assert Occasion.model_validate_json(found.model_dump_json()) == found


def test_a_person_may_say_why_in_so_many_words_as_are_kept():
    assert str(occasions.of_person(" June is complete ")) == "a person: June is complete"
    assert str(occasions.of_person("")) == "a person"
    with pytest.raises(UsageError, match="501 characters"):
        occasions.of_person("x" * 501)
