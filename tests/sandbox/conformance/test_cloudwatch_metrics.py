"""CloudWatch's metrics: what is put can be asked for, by statistic, period, unit and expression."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
from tests.sandbox.conformance.convention import behaviour

STATISTICS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html"
MATH = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"
EMBEDDED = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
    "CloudWatch_Embedded_Metric_Format_Specification.html"
)
DIMENSIONS = [{"Name": "Endpoint", "Value": "e"}]


@pytest.fixture(scope="module")
def cloudwatch(sandbox: SandboxHandle) -> Any:
    return sandbox.client("cloudwatch")


def minute(ago: int = 10) -> datetime:
    """A full minute in the past."""
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=ago)


def put(cloudwatch: Any, name: str, at: datetime | None = None, **datum: Any) -> None:
    data = {"MetricName": name, "Dimensions": DIMENSIONS, "Timestamp": at or minute(), **datum}
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[data])


def metric(identity: str, name: str, stat: str = "Sum", period: int = 60, **members: Any) -> dict[str, Any]:
    described = {"Namespace": "Test", "MetricName": name, "Dimensions": DIMENSIONS}
    return {"Id": identity, "MetricStat": {"Metric": described, "Period": period, "Stat": stat}, **members}


def data(cloudwatch: Any, *queries: dict[str, Any], **members: Any) -> dict[str, list[float]]:
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries),
        **{"StartTime": minute(15), "EndTime": minute(-1), "ScanBy": "TimestampAscending", **members},
    )
    return {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}


def statistics(cloudwatch: Any, name: str, **members: Any) -> list[dict[str, Any]]:
    defaults = {"StartTime": minute(15), "EndTime": minute(-1), "Period": 60, "Dimensions": DIMENSIONS}
    answer = cloudwatch.get_metric_statistics(Namespace="Test", MetricName=name, **{**defaults, **members})
    return answer["Datapoints"]


@behaviour("CloudWatch", "PutMetricData")
def test_values_and_counts(cloudwatch: Any) -> None:
    """Values with Counts are counted that often; sum, average, extremes and sample count are theirs."""
    put(cloudwatch, "counted", Values=[1, 2, 10], Counts=[5, 4, 1], Unit="Milliseconds")
    wanted = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"]
    [point] = statistics(cloudwatch, "counted", Statistics=wanted)
    assert [point[name] for name in wanted] == [23, 2.3, 1, 10, 10]
    assert (point["Unit"], point["Timestamp"]) == ("Milliseconds", minute())


@behaviour("CloudWatch", STATISTICS)
def test_percentiles_and_trimmed_means(cloudwatch: Any) -> None:
    """Percentiles, trimmed means, percentile ranks and the interquartile mean in both actions."""
    for first in (1, 101):
        put(cloudwatch, "spread", Values=[float(value) for value in range(first, first + 100)])
    wanted = {"p50": 100.5, "p99": 198, "p99.9": 199.8, "tm90": 90.5, "IQM": 100.5, "PR(:100)": 50}
    named = {f"q{number}": name for number, name in enumerate(wanted)}
    found = data(cloudwatch, *(metric(key, "spread", stat) for key, stat in named.items()))
    assert [found[key][0] for key in named] == pytest.approx(list(wanted.values()), rel=0.01)
    [point] = statistics(cloudwatch, "spread", ExtendedStatistics=["p50", "tm90"])
    assert point["ExtendedStatistics"] == pytest.approx({"p50": 100.5, "tm90": 90.5}, rel=0.01)


@behaviour("CloudWatch", "PutMetricData")
def test_a_statistic_set(cloudwatch: Any) -> None:
    """A statistic set has its four statistics, and no percentile unless all its values are equal."""
    put(cloudwatch, "set", StatisticValues={"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4})
    found = data(cloudwatch, metric("a", "set", "Average"), metric("p", "set", "p90"))
    assert found == {"a": [2.5], "p": []}


@behaviour("CloudWatch", "PutMetricData")
def test_high_resolution(cloudwatch: Any) -> None:
    """StorageResolution 1 can be asked for by the second; without it, values are those of a minute."""
    for second in (3, 4, 17):
        at = minute() + timedelta(seconds=second)
        put(cloudwatch, "fine", at, Value=1, StorageResolution=1)
        put(cloudwatch, "coarse", at, Value=1)
    found = data(
        cloudwatch,
        *(metric(f"f{p}", "fine", "Sum", p) for p in (1, 5, 10, 30, 60)),
        metric("c", "coarse", period=10),
    )
    assert found == {"f1": [1, 1, 1], "f5": [2, 1], "f10": [2, 1], "f30": [3], "f60": [3], "c": [3]}


@behaviour("CloudWatch", "GetMetricStatistics")
def test_units_are_kept_apart(cloudwatch: Any) -> None:
    """Without Unit there is a datapoint for each unit; with it, only that one's."""
    for unit in ("Seconds", "Count"):
        put(cloudwatch, "units", Value=1, Unit=unit)
    assert {p["Unit"] for p in statistics(cloudwatch, "units", Statistics=["Sum"])} == {"Seconds", "Count"}
    assert len(statistics(cloudwatch, "units", Statistics=["Sum"], Unit="Count")) == 1


@behaviour("CloudWatch", "GetMetricStatistics")
def test_dimensions_must_be_the_metrics_own(cloudwatch: Any) -> None:
    """A metric is found by all of its dimensions, not by some of them."""
    put(cloudwatch, "exact", Value=1)
    assert statistics(cloudwatch, "exact", Statistics=["Sum"], Dimensions=[]) == []


@behaviour("CloudWatch", MATH)
def test_metric_math(cloudwatch: Any) -> None:
    """Expressions over metrics and other expressions; ReturnData false keeps a query out of the answer."""
    for ago, requests, errors in ((10, 100, 5), (9, 10, 9), (8, 40, None)):
        put(cloudwatch, "requests", minute(ago), Value=requests)
        if errors is not None:
            put(cloudwatch, "errors", minute(ago), Value=errors)
    found = data(
        cloudwatch,
        {"Id": "share", "Expression": "IF(requests >= 20, 100 * errors / requests, 0)"},
        {"Id": "twice", "Expression": "share * 2"},
        {"Id": "filled", "Expression": "SUM([FILL(errors, 0), requests]) - requests"},
        {"Id": "most", "Expression": "requests - MAX(METRICS())"},
        metric("requests", "requests", ReturnData=False),
        metric("errors", "errors", ReturnData=False),
    )
    filled = found.pop("filled")
    assert found == {"share": [5, 0], "twice": [10, 0], "most": [0, 0, 0]}
    assert [value for value in filled if value] == [5, 9]


@behaviour("CloudWatch", "GetMetricData")
def test_order_and_pages_of_data(cloudwatch: Any) -> None:
    """The newest datapoint comes first unless ScanBy says otherwise; MaxDatapoints makes pages."""
    for ago in (10, 9, 8):
        put(cloudwatch, "paged", minute(ago), Value=ago)
    query = metric("m", "paged")
    assert data(cloudwatch, query)["m"] == [10, 9, 8]
    assert data(cloudwatch, query, ScanBy="TimestampDescending")["m"] == [8, 9, 10]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query], StartTime=minute(15), EndTime=minute(-1), MaxDatapoints=2
    )
    results = [page["MetricDataResults"][0] for page in pages]
    assert [result["Values"] for result in results] == [[8, 9], [10]]
    assert [result["StatusCode"] for result in results] == ["PartialData", "Complete"]


@behaviour("CloudWatch", "ListMetrics")
def test_list_metrics(cloudwatch: Any) -> None:
    """Metrics are listed once each, by namespace, name and dimensions, with a value or without."""
    put(cloudwatch, "listed", Value=1)
    put(cloudwatch, "listed", Value=2)
    for wanted in ([{"Name": "Endpoint"}], DIMENSIONS):
        answer = cloudwatch.list_metrics(Namespace="Test", MetricName="listed", Dimensions=wanted)
        assert [found["Dimensions"] for found in answer["Metrics"]] == [DIMENSIONS]
    other = [{"Name": "Endpoint", "Value": "other"}]
    assert cloudwatch.list_metrics(MetricName="listed", Dimensions=other)["Metrics"] == []


@behaviour("CloudWatch", "PutMetricData")
@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue"),
        ({"Value": 1, "Values": [1]}, "InvalidParameterValue"),
        ({"Value": 1, "Timestamp": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterValue"),
        ({"Value": 1, "StorageResolution": 5}, "InvalidParameterValue"),
        ({"Values": [1.0] * 151}, "InvalidParameterValue"),
        ({}, "InvalidParameterCombination"),
    ],
)
def test_data_that_is_refused(cloudwatch: Any, datum: dict[str, Any], code: str) -> None:
    """Values that do not fit their counts, times over two weeks ago and two kinds of value at once."""
    with pytest.raises(ClientError) as error:
        cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "bad", **datum}])
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@behaviour("CloudWatch", "GetMetricData")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"Id": "e", "Expression": "nobody * 2"}, "Unrecognized metric name or id 'nobody'"),
        ({"Id": "e", "Expression": "m +"}, "Error in expression 'e'"),
        ({"Id": "e", "Expression": "e + m"}, "refers to itself"),
        ({"Id": "e", "Expression": "SUM(m)"}, "not a time series"),
        ({"Id": "Upper", "Expression": "m"}, "Upper"),
        (metric("x", "m", "p101"), "p101"),
        (metric("x", "m", period=7), "Period"),
        (metric("m", "m"), "not unique"),
    ],
)
def test_queries_that_are_refused(cloudwatch: Any, query: dict[str, Any], words: str) -> None:
    """Unknown ids and statistics, broken or circular expressions and odd periods are ValidationErrors."""
    with pytest.raises(ClientError, match=words) as error:
        data(cloudwatch, metric("m", "m"), query)
    assert error.value.response["Error"]["Code"] == "ValidationError"


@behaviour("CloudWatch", "GetMetricStatistics")
def test_too_many_datapoints(cloudwatch: Any) -> None:
    """More than 1,440 datapoints, or no statistic at all, are an InvalidParameterCombination."""
    with pytest.raises(ClientError, match=r"exceeds the limit of 1,440") as error:
        statistics(cloudwatch, "m", Statistics=["Sum"], StartTime=minute(3000))
    assert error.value.response["Error"]["Code"] == "InvalidParameterCombination"
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        statistics(cloudwatch, "m")


@behaviour("CloudWatch", EMBEDDED)
def test_embedded_metric_format(sandbox: SandboxHandle, cloudwatch: Any) -> None:
    """A log event in embedded metric format becomes metrics for each dimension set, at its own time."""
    logs = sandbox.client("logs")
    logs.create_log_group(logGroupName="embedded")
    logs.create_log_stream(logGroupName="embedded", logStreamName="s")
    stamp = int((minute() + timedelta(seconds=5)).timestamp() * 1000)
    metrics = [{"Name": "latency", "Unit": "Milliseconds", "StorageResolution": 1}, {"Name": "hits"}]
    directive = {"Namespace": "Test", "Dimensions": [["Endpoint"], []], "Metrics": metrics}
    message = {"Endpoint": "e", "latency": [1, 2, 3, 10], "hits": 4}
    event = {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]}, **message}
    logs.put_log_events(
        logGroupName="embedded",
        logStreamName="s",
        logEvents=[{"timestamp": stamp, "message": json.dumps(event)}],
    )
    found = data(
        cloudwatch,
        metric("p", "latency", "p50", 5),
        metric("n", "latency", "SampleCount"),
        metric("h", "hits"),
    )
    assert found == {"p": [2.5], "n": [4], "h": [4]}
    [point] = statistics(cloudwatch, "latency", Statistics=["Maximum"], Dimensions=[])
    assert (point["Maximum"], point["Unit"]) == (10, "Milliseconds")


@behaviour("CloudWatch", "PutAnomalyDetector", covered=False)
def test_anomaly_detection(cloudwatch: Any) -> None:
    """Anomaly detection is not covered: NotImplemented."""
    with pytest.raises(ClientError, match="NotImplemented"):
        cloudwatch.put_anomaly_detector(Namespace="Test", MetricName="m", Stat="Sum")
    with pytest.raises(ClientError, match="ANOMALY_DETECTION_BAND"):
        data(cloudwatch, metric("m", "m"), {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)"})


@behaviour("CloudWatch", "GetMetricData", covered=False)
def test_metrics_insights(cloudwatch: Any) -> None:
    """Metrics Insights queries (SELECT) are not covered: NotImplemented."""
    with pytest.raises(ClientError, match="Metrics Insights"):
        data(cloudwatch, {"Id": "q", "Expression": 'SELECT AVG(m) FROM "Test"', "Period": 60})
