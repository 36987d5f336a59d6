"""The table of known failures: each is recognised as itself, by none before it, and quotes nobody's data."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.diagnosis.doctor import RULES, diagnose
from release.domain.diagnosis.rule import QUOTED
from release.domain.diagnosis.symptoms import LogStream, Symptoms
from tests.release.diagnosis.examples import ALSO, EXAMPLES, container, symptoms

NAMES = [rule.name for rule in RULES]
SECRET = "4711-Mrs-Robinson"


def test_every_rule_has_an_example_and_a_name_of_its_own():
    assert sorted(NAMES) == sorted(EXAMPLES)
    assert len(set(NAMES)) == len(NAMES) > 20


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_diagnosed_as_itself(name):
    found = diagnose(EXAMPLES[name])
    assert found.rule == name
    assert "{" not in found.paragraph


@pytest.mark.parametrize(("name", "example"), ALSO)
def test_other_ways_lead_to_the_same_rule(name, example):
    assert diagnose(example).rule == name


@pytest.mark.parametrize("name", NAMES)
def test_a_paragraph_is_one_and_says_cause_fix_and_evidence(name):
    found = diagnose(EXAMPLES[name])
    assert "\n" not in found.paragraph
    for part in (found.cause, found.fix, found.evidence):
        assert part
        assert part in found.paragraph
    assert found.cause.endswith(".")
    assert found.fix.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_command_in_a_fix_is_one_that_exists(name):
    from scripts.help import commands

    words = diagnose(EXAMPLES[name]).fix.split()
    asked = [after for word, after in pairwise(words) if word == "./slipway"]
    assert {verb.strip(".,;:()") for verb in asked} <= set(commands())


def _spoiled(example: Symptoms, secret: str) -> Symptoms:
    """The same symptoms in a log full of what callers sent, and behind every line that a rule knows."""
    noise = (
        f'{{"served": "{secret}"}}',
        f"POST /invocations {secret}",
        f"KeyError: '{secret}'",
        f"ValueError: could not convert string to float: '{secret}'",
    )
    streams = tuple(
        LogStream(s.name, (*noise, *(f"{line} {secret}" for line in s.lines))) for s in example.streams
    )
    return replace(example, streams=streams, reason=f"{example.reason} {secret}")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_caller_sent_is_quoted(name):
    assert SECRET not in diagnose(_spoiled(EXAMPLES[name], SECRET)).paragraph


@given(st.lists(st.text(max_size=300), max_size=5), st.text(max_size=300))
def test_any_log_and_any_reason_give_a_short_paragraph(lines, reason):
    found = diagnose(container(*lines, reason=reason))
    assert len(found.paragraph) < 1200 + QUOTED


def test_the_unknown_says_so_and_where_to_look():
    found = diagnose(symptoms("something new", status="InService"))
    assert not found.known
    assert "/aws/sagemaker/Endpoints/delays-dev" in found.fix
    assert "something new" not in found.paragraph


def test_the_alarm_is_named_with_the_value_at_which_it_rang():
    found = diagnose(EXAMPLES["alarm"])
    assert "the alarm delays-dev-errors rang" in found.cause
    assert "[100.0 (01/01/26 00:00:00)] was greater than the threshold (1.0)" in found.evidence


def test_a_quota_is_told_with_its_numbers():
    assert (
        "'ml.m7i.large for endpoint usage' is 0; 0 are in use, and the release needs 2 more"
        in diagnose(EXAMPLES["quota"]).cause
    )


def test_what_could_not_be_asked_is_said():
    found = diagnose(replace(EXAMPLES["no-ping"], unasked=("the alarms (ClientError)",)))
    assert found.paragraph.endswith("Could not be asked: the alarms (ClientError).")
