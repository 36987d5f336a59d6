"""The metrics in memory: periods, units, resolutions, and that old values go."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.queries import parse_queries, rounded_start, run
from sandbox.aws.cloudwatch.metrics.store import COARSE_SECONDS, FINE_SECONDS, MetricKey, MetricStore, Point

KEY = MetricKey("N", "m", (("a", "b"),))
MINUTE = 1_700_000_040
"""A full minute."""


def put(store: MetricStore, at: float, value: float = 1.0, resolution: int = 1, unit: str = "None") -> None:
    store.put([Point(KEY, at, of_values([value]), unit, resolution)])


def sums(store: MetricStore, start: int, end: int, period: int) -> dict[int, float]:
    return {at: v.total for at, v in store.windows(KEY, start, end, period).get("None", {}).items()}


def test_seconds_and_minutes() -> None:
    store = MetricStore()
    put(store, MINUTE + 3.7)
    put(store, MINUTE + 13)
    put(store, MINUTE + 59, resolution=60)
    assert sums(store, MINUTE, MINUTE + 60, 10) == {MINUTE: 2, MINUTE + 10: 1}, (
        "the minute's own is at its start"
    )
    assert sums(store, MINUTE, MINUTE + 60, 60) == {MINUTE: 3}
    assert sums(store, MINUTE + 3, MINUTE + 13, 10) == {MINUTE + 3: 1}, (
        "periods begin where they are asked for"
    )


def test_units_are_kept_apart() -> None:
    store = MetricStore()
    put(store, MINUTE)
    put(store, MINUTE, 5, unit="Count")
    assert set(store.windows(KEY, MINUTE, MINUTE + 60, 60)) == {"None", "Count"}
    assert set(store.windows(KEY, MINUTE, MINUTE + 60, 60, "Count")) == {"Count"}


@given(st.lists(st.integers(0, 600), min_size=1, max_size=50), st.sampled_from([1, 5, 10, 60, 120]))
def test_no_value_is_lost_or_counted_twice(offsets: list[int], period: int) -> None:
    store = MetricStore()
    for offset in offsets:
        put(store, MINUTE + offset)
    assert sum(sums(store, MINUTE, MINUTE + 720, period).values()) == len(offsets)


def test_old_seconds_become_minutes_and_old_minutes_go() -> None:
    store = MetricStore()
    put(store, MINUTE + 1, 1)
    put(store, MINUTE + 2, 2)
    store.tidy(MINUTE + FINE_SECONDS + 120)
    assert sums(store, MINUTE, MINUTE + 60, 1) == {MINUTE: 3}
    assert store.keys(since=MINUTE) == [KEY]
    store.tidy(MINUTE + COARSE_SECONDS + 120)
    assert sums(store, MINUTE, MINUTE + 60, 60) == {}
    assert store.keys(since=0) == []


def test_a_day_of_requests_stays_small() -> None:
    store = MetricStore()
    aws = MetricKey("AWS/SageMaker", "ModelLatency")
    for second in range(7200):
        store.put([Point(aws, MINUTE + second, of_values([1.0]), "Microseconds", 1)])
        store.tidy(MINUTE + second)
    units = store._series[aws]["Microseconds"]
    assert len(units.fine) <= 5 * 60 + 121, "SageMaker's own seconds are kept for five minutes"
    assert len(units.coarse) >= 100


def test_our_own_errors_alarm_by_queries() -> None:
    store = MetricStore()
    for name, value in (("Invocations", 40.0), ("Invocation5XXErrors", 10.0)):
        store.put([Point(MetricKey("AWS/SageMaker", name), MINUTE, of_values([value]))])
    metric = {"Namespace": "AWS/SageMaker"}
    queries = parse_queries(
        [
            {"Id": "share", "Expression": "IF(requests >= 20, 100 * errors / requests, 0)"},
            {
                "Id": "errors",
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {**metric, "MetricName": "Invocation5XXErrors"},
                    "Period": 60,
                    "Stat": "Sum",
                },
            },
            {
                "Id": "requests",
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {**metric, "MetricName": "Invocations"},
                    "Period": 60,
                    "Stat": "Sum",
                },
            },
        ]
    )
    start = rounded_start(MINUTE - 100, queries)
    assert run(queries, store.windows, start, MINUTE + 60)["share"] == {MINUTE: 25.0}
