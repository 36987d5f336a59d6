"""What SageMaker counted and what lies in S3: the two sides of an account. Reads only."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from monitoring.capture.accounting import VARIANTS
from monitoring.hours import HOUR, hour_of
from monitoring.hours import folder as folder_of
from release.adapters import objects
from release.domain import s3_uri

_METRICS = {"Invocations": 1, "InvocationModelErrors": -1}
AT_ONCE = 8


class CaptureCounts:
    """Of one stage's account: `monitoring.ports.CaptureCounts`. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, cloudwatch: Any) -> None:
        self._s3 = s3
        self._cloudwatch = cloudwatch

    def answered(self, endpoint: str, start: datetime, end: datetime) -> Mapping[tuple[str, datetime], int]:
        """Answers with 2xx by variant and hour."""
        queries = [_query(endpoint, variant, metric) for variant in VARIANTS for metric in _METRICS]
        found: Counter[tuple[str, datetime]] = Counter()
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            StartTime=start, EndTime=end, MetricDataQueries=queries
        )
        for result in (result for page in pages for result in page["MetricDataResults"]):
            variant, _, metric = result["Id"].partition("_")
            sign = next(sign for name, sign in _METRICS.items() if name.lower() == metric)
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                found[variant, hour_of(at)] += sign * round(value)
        return found

    def kept(
        self, places: Sequence[str], endpoint: str, start: datetime, end: datetime
    ) -> Mapping[tuple[str, datetime], int]:
        """Records by folder and hour, each once however often it was brought."""
        files = [
            (bucket, key, folder, hour)
            for place in places
            for bucket, folder, prefix in self._folders(place, endpoint)
            for hour in _hours(start, end)
            for key in self._keys(bucket, f"{prefix}{folder_of(hour)}/")
        ]
        events: defaultdict[tuple[str, datetime], set[str]] = defaultdict(set)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bodies = pool.map(lambda file: self._events(file[0], file[1]), files)
            for (_, _, folder, hour), found in zip(files, bodies, strict=True):
                events[folder, hour] |= found
        return {key: len(found) for key, found in events.items()}

    def _folders(self, place: str, endpoint: str) -> Iterator[tuple[str, str, str]]:
        bucket, prefix = s3_uri.parts(f"{place}/{endpoint}/")
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for item in page.get("CommonPrefixes", []):
                yield bucket, item["Prefix"][len(prefix) :].rstrip("/"), item["Prefix"]

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        return (item["Key"] for item in objects.listed(self._s3, bucket, prefix))

    def _events(self, bucket: str, key: str) -> set[str]:
        body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return {_event(line, number) for number, line in enumerate(body.splitlines()) if line.strip()}


def _event(line: bytes, number: int) -> str:
    """A record's name; of a line that is none its number, since it is something that was kept."""
    try:
        return str(json.loads(line)["eventMetadata"]["eventId"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"line {number}"


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    hour = start
    while hour < end:
        yield hour
        hour += HOUR


def _query(endpoint: str, variant: str, metric: str) -> dict[str, Any]:
    about = {
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ],
    }
    seconds = round(HOUR.total_seconds())
    asked = {"Metric": about, "Period": seconds, "Stat": "Sum"}
    return {"Id": f"{variant}_{metric.lower()}", "MetricStat": asked}
