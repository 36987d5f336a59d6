"""CloudWatch's dashboards: kept whole, and refused where they are none."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conformance.alarms import Alarms
from tests.sandbox.conformance.convention import behaviour

GRAPH = {"type": "metric", "properties": {"region": "us-east-1", "metrics": [["a", "b", "c"]]}}
TEXT = {"type": "text", "x": 0, "y": 0, "width": 24, "height": 2, "properties": {"markdown": "# here"}}
BODY = json.dumps({"start": "-PT3H", "widgets": [TEXT]})


@behaviour("CloudWatch", "PutDashboard")
def test_a_dashboard(alarms: Alarms) -> None:
    """PutDashboard makes a dashboard or replaces its whole body; GetDashboard answers it as it was put."""
    cloudwatch, name = alarms.cloudwatch, alarms.name()
    for body in (json.dumps({"widgets": []}), BODY):
        assert (
            cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)["DashboardValidationMessages"]
            == []
        )
    found = cloudwatch.get_dashboard(DashboardName=name)
    assert (found["DashboardName"], found["DashboardBody"]) == (name, BODY)
    assert found["DashboardArn"] == f"arn:aws:cloudwatch::123456789012:dashboard/{name}"
    assert name in [one["DashboardName"] for one in cloudwatch.list_dashboards()["DashboardEntries"]]
    cloudwatch.delete_dashboards(DashboardNames=[name])
    with pytest.raises(ClientError) as error:
        cloudwatch.get_dashboard(DashboardName=name)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@behaviour("CloudWatch", "PutDashboard")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "must be a valid JSON object"),
        ("{}", "required property 'widgets'"),
        (json.dumps({"widgets": [{**TEXT, "width": 25}]}), "/widgets/0/width"),
        (json.dumps({"widgets": [GRAPH]}), "Should NOT have more than 2 items"),
    ],
)
def test_what_is_no_dashboard(alarms: Alarms, body: str, words: str) -> None:
    """A body that is none is refused with the place of each error, and changes nothing."""
    name = alarms.name()
    alarms.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=BODY)
    with pytest.raises(ClientError, match=words) as error:
        alarms.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)
    assert error.value.response["Error"]["Code"] == "InvalidParameterInput"
    assert alarms.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"] == BODY
