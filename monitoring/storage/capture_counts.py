"""What SageMaker counted and what lies in S3: the two sides of an account. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby
from typing import Any

from monitoring.capture.accounting import VARIANTS
from monitoring.hours import HOUR, hour_of
from monitoring.records.hours import CaptureFile
from monitoring.records.troubles import NotReadable, Trouble
from monitoring.storage.files import CaptureFiles
from monitoring.storage.lines import name_in
from monitoring.storage.seen import Seen

_METRICS = {"Invocations": 1, "InvocationModelErrors": -1}
AT_ONCE = 4
"""Hours: each may hold a line of the longest that there are."""


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
        """Records by folder and hour, each once however often it was brought.

        A line that says no name is something that was kept, too: each counts, as no two are known to be one.
        """
        reader = CaptureFiles(self._s3, endpoint)
        found: Counter[tuple[str, datetime]] = Counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for folder in (folder for place in places for folder in reader.folders(place)):
                of_hours = groupby(reader.between(folder, start, end), key=lambda one: one[0])
                files = {hour: [file for _, file in of_hour] for hour, of_hour in of_hours}
                counts = pool.map(lambda of_hour: _count(reader, of_hour), files.values())
                found.update({(folder.name, hour): n for hour, n in zip(files, counts, strict=True)})
        return found


def _count(reader: CaptureFiles, files: Sequence[CaptureFile]) -> int:
    """The records of one folder and hour, in bounded memory; a file that is gone by now holds none."""
    seen, count = Seen(), 0
    for lines in (lines for file in files for lines in reader.lines(file)):
        names = [_name(line) for line in lines if not _is_gone(line)]
        named = [name for name in names if name]
        count += len(names) - len(named) + int(seen.new(named).sum())
    return count


def _name(line: bytes | NotReadable) -> str:
    return "" if isinstance(line, NotReadable) else name_in(line)


def _is_gone(line: bytes | NotReadable) -> bool:
    return isinstance(line, NotReadable) and line.trouble is Trouble.FILE


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
