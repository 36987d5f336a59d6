"""CloudWatch's logs and metrics in memory, as far as evidence asks for them."""

from collections import Counter
from datetime import datetime
from typing import Any

from tests.release.adapters.s3 import refusal


class FakeLogs:
    """One log group; an event is seen from the moment it was put there on, whatever its own time."""

    def __init__(self, group: str, page: int = 3) -> None:
        self.group = group
        self.page = page
        self.events: list[dict[str, Any]] = []
        self.there = True
        self.faults: list[Exception] = []
        """What the next calls end with; None lets one through."""
        self.calls: Counter[str] = Counter()
        self.asked: list[dict[str, Any]] = []

    def put(self, name: str, seconds: float, stream: str = "live/i-1", message: str = "{}") -> None:
        """An event becomes visible now that happened at `seconds`."""
        event = {
            "eventId": name,
            "logStreamName": stream,
            "timestamp": int(seconds * 1000),
            "message": message,
        }
        self.events.append(event | {"ingestionTime": 0})

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        """FilterLogEvents, page by page; between streams in no order."""
        self.calls["filter"] += 1
        self.asked.append(request)
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        if not self.there or request["logGroupName"] != self.group:
            raise refusal("ResourceNotFoundException", 400)
        found = [event for event in reversed(self.events) if event["timestamp"] >= request["startTime"]]
        start = int(request.get("nextToken", 0))
        more = {"nextToken": str(start + self.page)} if start + self.page < len(found) else {}
        return {"events": found[start : start + self.page], **more}


class FakeMetrics:
    """Sums of a minute, by the query's id (`live_invocations`) and the minute's beginning."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, datetime], float] = {}
        self.faults: list[Exception] = []
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        """GetMetricData: each query's values between the two times."""
        self.asked.append(request)
        if self.faults:
            raise self.faults.pop(0)
        results = []
        for query in request["MetricDataQueries"]:
            found = {
                at: value
                for (name, at), value in self.sums.items()
                if name == query["Id"] and request["StartTime"] <= at < request["EndTime"]
            }
            results.append({"Id": query["Id"], "Timestamps": [*found], "Values": [*found.values()]})
        return {"MetricDataResults": results}
