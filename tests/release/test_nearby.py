"""A key that there is not is answered with those that there are."""

import io
import itertools
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import nearby
from release.domain.errors import UsageError
from release.domain.pins import RolloutSettings
from release.domain.stage import StageSettings, parse
from release.operations.judge import read_policy

GOOD: dict[str, Any] = {"aws:region": "us-east-1", "slipway:account": "123456789012"}


def said(config: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as caught:
        parse("dev", GOOD | config)
    return caught.value.cause


def of_endpoint(**settings: Any) -> dict[str, Any]:
    return {"slipway:endpoints": {"delays": settings}}


@pytest.mark.parametrize(
    ("config", "key", "near"),
    [
        ({"slipway:protected": True}, "slipway:protected", "protect"),
        ({"slipway:retentions": {}}, "slipway:retentions", "retention"),
        ({"slipway:logDays": 3, "slipway:retention": {}}, "slipway:logDays", None),
        ({"slipway:retention": {"logDays": 3}}, "slipway:retention.logDays", "log_days"),
        ({"slipway:retention": {"log-day": 3}}, "slipway:retention.log-day", "log_days"),
        ({"slipway:alerts": {"mail": "x"}}, "slipway:alerts.mail", "email"),
        ({"slipway:image": {"pyhton": "3.12"}}, "slipway:image.pyhton", "python"),
        ({"slipway:judge": {"latency": {"p90": {"fails": 2}}}}, "slipway:judge.latency.p90.fails", "fail"),
        (of_endpoint(instanses={}), "slipway:endpoints.delays.instanses", "instances"),
        (of_endpoint(instances={"maximum": 3}), "slipway:endpoints.delays.instances.maximum", "max"),
        (
            of_endpoint(rollout={"stepSeconds": 3}),
            "slipway:endpoints.delays.rollout.stepSeconds",
            "step_seconds",
        ),
        (
            of_endpoint(alarms={"error_percent": 3}),
            "slipway:endpoints.delays.alarms.error_percent",
            "errors_percent",
        ),
    ],
)
def test_an_unknown_key_names_the_valid_ones_near_it(
    config: dict[str, Any], key: str, near: str | None
) -> None:
    text = said(config)
    assert f"{key}: there is no such key; " in text
    if near is not None:
        assert near in text.partition("near it: ")[2].partition(";")[0].split(", ")


def test_where_none_is_near_all_are_named() -> None:
    text = said({"slipway:alerts": {"colour": "red"}})
    assert "slipway:alerts.colour: there is no such key; there are: email" in text
    top = said({"slipway:zzz": 1}).partition("there are: ")[2]
    assert set(top.split(", ")) == set(StageSettings.model_fields) - {"stage", "region"}


@pytest.mark.parametrize("key", ["slipwy:protect", "Slipway:protect", "slip-way:protect"])
def test_a_misspelt_namespace_is_not_passed_over(key: str) -> None:
    with pytest.raises(UsageError, match=f"there is no namespace '{key.partition(':')[0]}'") as caught:
        parse("dev", GOOD | {key: True})
    assert "Write slipway:protect" in caught.value.next_step


def test_other_programs_keys_are_theirs() -> None:
    assert parse("dev", GOOD | {"other:flag": 1, "pulumi:tags": {}, "aws:defaultTags": {}}).stage == "dev"


def test_a_policy_in_a_file_too() -> None:
    file = io.StringIO("latency: {noise_wait: 3}")
    file.name = "policy.yaml"
    with pytest.raises(UsageError, match=r"latency\.noise_wait: there is no such key; near it: noise_wait"):
        read_policy(file)


KEYS = tuple(RolloutSettings.model_fields)


@given(st.sampled_from(KEYS), st.data())
def test_a_letter_too_much_or_too_little_or_changed_finds_the_key(key: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(key) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    for wrong in (key[:at] + key[at + 1 :], key[:at] + letter + key[at:], key[:at] + letter + key[at + 1 :]):
        assert key in nearby.closest(wrong, KEYS)


def test_whatever_lies_at_a_path_has_an_answer() -> None:
    for path in itertools.product(
        ["endpoints", "judge", "nothing", "protect"], ["delays", "require", "a"], [0, "x"]
    ):
        assert isinstance(nearby.known(StageSettings, path), list)
