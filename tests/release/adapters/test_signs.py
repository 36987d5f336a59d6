"""What CloudWatch kept of alarms: those that are there, and those that rang and are gone."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from release.adapters.signs import Signs
from sandbox import testing

pytestmark = pytest.mark.sandbox


@pytest.fixture
def sandbox(tmp_path):
    with testing.start(tmp_path / "home") as handle:
        yield handle


def test_an_alarm_that_rang_and_was_deleted_since_is_still_known(sandbox):
    """Those of a guarded update go with its candidate, before anybody asks why it was taken back."""
    cloudwatch = sandbox.client("cloudwatch")
    for name in ("rang", "quiet", "there"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Nothing",
            MetricName="Nothing",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
    cloudwatch.set_alarm_state(AlarmName="rang", StateValue="ALARM", StateReason="Threshold Crossed")
    cloudwatch.delete_alarms(AlarmNames=["rang", "quiet"])
    aws: Any = SimpleNamespace(client=sandbox.client)
    signs = Signs(aws)
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = signs.alarms(["rang", "quiet", "there", "never"], since)
    assert [(alarm.name, alarm.rang) for alarm in found] == [("rang", True), ("there", False)]
    assert found[0].reason == "Threshold Crossed"
    assert signs.alarms(["rang"], since + timedelta(hours=1)) == []
