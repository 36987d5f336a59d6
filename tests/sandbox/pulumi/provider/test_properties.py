"""The one diff: what counts as a change, what replaces, and what a refresh reads back. Values only."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.pulumi.provider.properties import (
    Default,
    Kind,
    Property,
    changes,
    inputs_from_state,
    json_document,
    unordered,
)
from sandbox.pulumi.provider.resource_types import RESOURCES, schema
from sandbox.pulumi.provider.services.sagemaker import Endpoint
from sandbox.pulumi.provider.settings import check_settings, parse_settings
from sandbox.pulumi.provider.shapes import from_aws, to_aws
from sandbox.pulumi.provider.values import UNKNOWN, Properties, to_python, to_struct

SPEC = {
    "name": Property(required=True, replaces=True),
    "days": Property(default=7),
    "flag": Property(),
    "tags": Property(),
    "policy": Property(normal=json_document),
    "actions": Property(normal=unordered),
    "nested": Property(),
    "zone": Property(default=Default.COMPUTED),
    "force": Property(local=True),
}


def found(state: dict, new: dict, old_inputs: dict | None = None) -> list[tuple[str, Kind, bool]]:
    return [(c.path, c.kind, c.replaces) for c in changes(SPEC, old_inputs or {}, state, new)]


@pytest.mark.parametrize(
    ("state", "new"),
    [
        pytest.param({"days": 7}, {}, id="AWS's default is no change"),
        pytest.param({}, {"days": 7}, id="asking for the default is no change"),
        pytest.param({"flag": False}, {}, id="false is the default of a flag"),
        pytest.param({"zone": "a"}, {}, id="what AWS chose is no change"),
        pytest.param({"tags": {}}, {}, id="no tags is no change"),
        pytest.param({"policy": '{"a": [1]}'}, {"policy": '{ "a":1 }'}, id="a policy in other words"),
        pytest.param({"actions": ["b", "a"]}, {"actions": ["a", "b"]}, id="a set in another order"),
        pytest.param({"nested": {"a": 1, "aws": 2}}, {"nested": {"a": 1}}, id="members that AWS filled in"),
        pytest.param({"days": 1.0}, {"days": 1}, id="1.0 is 1"),
    ],
)
def test_no_change(state, new):
    assert found(state, new) == []


@pytest.mark.parametrize(
    ("state", "new", "change"),
    [
        ({"name": "a"}, {"name": "b"}, ("name", Kind.UPDATE, True)),
        ({"days": 30}, {}, ("days", Kind.DELETE, False)),
        ({"days": 30}, {"days": 7}, ("days", Kind.UPDATE, False)),
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1"}}, ("tags.b", Kind.DELETE, False)),
        ({"tags": {"a": "1"}}, {"tags": {"a": "2"}}, ("tags.a", Kind.UPDATE, False)),
        ({"policy": '{"a": 1}'}, {"policy": '{"a": 2}'}, ("policy", Kind.UPDATE, False)),
        ({"policy": '{"a": 1}'}, {"policy": UNKNOWN}, ("policy", Kind.UPDATE, False)),
        ({"nested": {"a": [1]}}, {"nested": {"a": [1, 2]}}, ("nested.a[1]", Kind.ADD, False)),
        ({"nested": {"a": [1, 2]}}, {"nested": {"a": [1]}}, ("nested.a[1]", Kind.DELETE, False)),
        ({"nested": {"a": {"b": 1}}}, {"nested": {"a": {"b": 2}}}, ("nested.a.b", Kind.UPDATE, False)),
        ({"flag": True}, {"flag": 1}, ("flag", Kind.UPDATE, False)),
        ({}, {"zone": UNKNOWN}, ("zone", Kind.ADD, False)),
    ],
)
def test_a_change(state, new, change):
    assert found(state, new) == [change]


def test_an_input_that_only_the_provider_knows_is_compared_with_the_old_input():
    assert found({}, {"force": True}, old_inputs={"force": True}) == []
    assert found({"force": True}, {"force": True}, old_inputs={}) == [("force", Kind.ADD, False)]


def test_a_member_that_the_program_takes_away_is_a_change_and_one_that_aws_added_is_none():
    state = {"nested": {"a": 1, "b": 2}}
    assert found(state, {"nested": {"a": 1}}, old_inputs={"nested": {"a": 1, "b": 2}}) == [
        ("nested.b", Kind.DELETE, False)
    ]
    assert found(state, {"nested": {"a": 1}}, old_inputs={"nested": {"a": 1}}) == []


def test_ignored_paths_are_no_change():
    state: Properties = {"nested": {"a": {"b": 1}}, "days": 30}
    new: Properties = {"nested": {"a": {"b": 2}}, "days": 31}
    ignored = changes(SPEC, {}, state, new, ["nested.a"])
    assert [change.path for change in ignored] == ["days"]


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        (
            {"autoRollbackConfiguration": {"alarms": [1]}},
            {"autoRollbackConfiguration": {"alarms": [2]}},
            False,
        ),
        ({"autoRollbackConfiguration": {"alarms": [1]}}, {"blueGreenUpdatePolicy": {}}, True),
        ({"blueGreenUpdatePolicy": {"a": 1}}, {"autoRollbackConfiguration": {"alarms": [1]}}, True),
        (None, {"autoRollbackConfiguration": {"alarms": [1]}}, True),
        (None, {"blueGreenUpdatePolicy": {"a": 1}}, False),
    ],
)
def test_an_endpoint_is_replaced_only_when_its_auto_rollback_block_appears_or_goes(old, new, replaces):
    """As `terraform plan` says with Terraform's AWS provider 5.100."""
    state = {"deploymentConfig": old} if old else {}
    found = changes(Endpoint.properties, {}, state, {"deploymentConfig": new})
    assert any(change.replaces for change in found) is replaces


leaves = st.one_of(st.booleans(), st.integers(-9, 9), st.text("ab", min_size=1))
nested = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy", min_size=1), inner),
    max_leaves=8,
)
states = st.fixed_dictionaries(
    {"name": st.text("ab", min_size=1)},
    optional={
        "days": st.integers(1, 9),
        "flag": st.booleans(),
        "tags": st.dictionaries(st.text("xy", min_size=1), st.text("ab")),
        "nested": st.dictionaries(st.text("xy", min_size=1), nested),
        "zone": st.text("ab", min_size=1),
        "policy": st.dictionaries(st.text("xy", min_size=1), nested).map(json.dumps),
        "actions": st.lists(st.text("ab", min_size=1)),
    },
)


@given(old=states, live=states)
def test_a_refresh_reads_back_inputs_that_describe_what_is_there(old, live):
    """Whatever drifted, the inputs after a refresh differ from the state in nothing."""
    inputs = inputs_from_state(SPEC, old, live)
    assert changes(SPEC, inputs, live, inputs) == []


@given(old=states)
def test_a_refresh_of_what_has_not_changed_keeps_the_inputs_as_they_were_written(old):
    assert inputs_from_state(SPEC, old, old) == old


@given(live=states)
def test_an_import_finds_inputs_that_describe_what_is_there(live):
    inputs = inputs_from_state(SPEC, {}, live)
    assert changes(SPEC, inputs, live, inputs) == []


@given(value=st.dictionaries(st.text("xy", min_size=1), nested))
def test_values_survive_the_engines_wire(value):
    assert to_python(to_struct(value)) == value


def test_aws_names_and_the_users_own_keys_are_kept_apart():
    pulumi: Properties = {
        "environment": {"myKey": "v"},
        "volumeSizeInGb": 1,
        "canarySize": {"type": "CAPACITY_PERCENT"},
        "alarms": [{"alarmName": "a"}],
    }
    aws: Properties = {
        "Environment": {"myKey": "v"},
        "VolumeSizeInGB": 1,
        "CanarySize": {"Type": "CAPACITY_PERCENT"},
        "Alarms": [{"AlarmName": "a"}],
    }
    assert to_aws(pulumi) == aws
    assert from_aws(aws) == pulumi


def test_settings_arrive_as_json_text():
    sent: Properties = {
        "region": "us-east-1",
        "allowedAccountIds": '["123456789012"]',
        "skipCredentialsValidation": "true",
        "defaultTags": '{"tags": {"a": "1"}}',
        "version": "7.51.1",
    }
    assert check_settings(sent) == []
    settings = parse_settings(sent)
    assert settings.allowed_accounts == ("123456789012",)
    assert settings.skip_credentials_validation is True
    assert settings.default_tags == {"a": "1"}


def test_an_account_id_that_yaml_read_as_a_number_keeps_its_zeros():
    assert parse_settings({"allowedAccountIds": "[12345]"}).allowed_accounts == ("000000012345",)


def test_every_type_is_in_the_schema_and_names_what_it_needs():
    described = json.loads(schema("1.2.3"))["resources"]
    assert set(described) == set(RESOURCES)
    for token, resource in RESOURCES.items():
        assert set(resource.identity) <= set(resource.properties), token
        assert set(described[token]["requiredInputs"]) <= set(resource.properties), token
