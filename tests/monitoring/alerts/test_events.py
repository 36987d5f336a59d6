"""What is told of a finding: an event that AWS takes, and text that data cannot make its own."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts import events, text
from release.domain.errors import UsageError
from release.domain.occasions import Asked, AsksNothing, of_event
from tests.fakes.findings import Shelf, finding
from tests.fakes.world import ACCOUNT, FakeStage

STAGE = FakeStage("prod", {}).ports().settings


def kept(**values):
    shelf = Shelf()
    shelf.findings.note([finding(1, **values)])
    return shelf.findings.all()[0]


def test_an_event_says_stage_finding_and_evidence_and_stays_what_it_was():
    one = kept()
    event = events.event(STAGE, one, one.notices[0]).envelope()
    assert json.loads(json.dumps(event)) == {
        "version": "0",
        "id": f"{one.id}-1",
        "detail-type": "Slipway Finding Opened",
        "source": "slipway.monitoring",
        "account": ACCOUNT,
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/delays-prod"],
        "detail": {
            "schema": 1,
            "notice": f"{one.id}-1",
            "finding": one.id,
            "occurrence": 1,
            "stage": "prod",
            "endpoint": "delays",
            "endpointName": "delays-prod",
            "release": "3f2a9c01d4e7",
            "kind": "quality",
            "subject": "calibration",
            "severity": "warning",
            "summary": "The calibration error is 0.081, and 0.05 is allowed.",
            "since": "2026-01-01T00:00:00+00:00",
            "noticed": "2026-01-01T01:00:00+00:00",
            "opened": "2026-01-01T00:00:00+00:00",
            "seen": 1,
            "closed": None,
            "evidence": {"ece": 0.081, "bound": 0.05, "rows": 5200},
            "evidenceLeftOut": 0,
        },
    }


WORDS = st.text(max_size=40) | st.just("ü" * 90_000)
NUMBERS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | WORDS


@given(st.dictionaries(st.text(max_size=9), NUMBERS, max_size=8))
def test_any_evidence_makes_an_event_that_aws_takes(evidence):
    one = kept(evidence=evidence)
    envelope = events.event_of(STAGE, one).envelope()
    whole = json.dumps(envelope, ensure_ascii=False, allow_nan=False).encode()
    assert len(whole) < 256_000
    detail = envelope["detail"]
    assert len(detail["evidence"]) + detail["evidenceLeftOut"] == len(evidence)
    for name, value in detail["evidence"].items():
        whole = not isinstance(evidence[name], float) or math.isfinite(evidence[name])
        assert value == (evidence[name] if whole else str(evidence[name]))


def test_the_event_of_a_finding_asks_a_stage_that_names_its_kind_for_a_retrain():
    one = kept()
    data = json.dumps(events.event_of(STAGE, one).envelope()).encode()
    occasion, about = of_event(data, Asked("prod", ACCOUNT, "us-east-1", ("drift", "quality")))
    assert (occasion.kind, occasion.event, about.release) == ("finding", one.asks, "3f2a9c01d4e7")
    assert str(occasion).startswith("finding quality of calibration: The calibration error")
    with pytest.raises(AsksNothing, match=r"slipway:retrain\.on of prod names drift"):
        of_event(data, Asked("prod", ACCOUNT, "us-east-1", ("drift",)))
    with pytest.raises(UsageError, match="asks for no retrain"):
        of_event(data, Asked("staging", ACCOUNT, "us-east-1", ("quality",)))


def test_the_text_tells_evidence_limits_and_the_next_command():
    words = text.markdown("prod", kept())
    assert words.startswith("## prod: quality of calibration at delays\n")
    assert "| ece | 0.081 |" in words
    assert "What it does not tell" in words
    assert f'./slipway retrain prod --endpoint delays --because "finding {kept().id}"' in words


@given(st.text(min_size=1, max_size=40))
def test_data_in_the_text_is_no_markup(value):
    words = text.markdown("prod", kept(evidence={"a": f"@you <b> [x](http://y) | {value}"}))
    (line,) = [line for line in words.splitlines() if line.startswith("| a |")]
    assert line.count(" | ") == 1
    assert "<b>" not in line.replace("\\<", "")
    assert "](" not in line.replace("\\]", "")
