"""Rows and truth of an endpoint, written as those write them who know: hour records, tables, label files."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from monitoring.operations.truth import Sources
from monitoring.records.hours import HourRecord, RowsTable, record_key
from monitoring.storage.answered import AnsweredTables
from monitoring.storage.quality_book import QualityBook
from monitoring.storage.truth import TruthFolder
from tests.release.adapters.s3 import FakeS3

RELEASE = "abcabcabcabc"
HOUR = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def sources(s3: FakeS3) -> Sources:
    """All of it from one bucket."""
    return Sources(
        AnsweredTables(s3, "bucket", "delays"),
        TruthFolder(s3, "s3://bucket/truth"),
        QualityBook(s3, "bucket", "delays"),
    )


def answered(
    s3: FakeS3,
    hour: datetime,
    scores: Sequence[float],
    request: str = "",
    origin: Sequence[str] = (),
    release: str = RELEASE,
) -> str:
    """One request of as many rows as scores was answered in this hour; its inference id."""
    name = request or f"request-{hour:%m%d%H}"
    count = len(scores)
    columns = pa.table(
        {
            "event_id": ["event"] * count,
            "inference_id": [name] * count,
            "row": list(range(count)),
            "at": pa.array([hour + timedelta(minutes=5)] * count, pa.timestamp("ms", "UTC")),
            "variant": ["live"] * count,
            "release": [release] * count,
            "score": pa.array(scores, pa.float64()),
            "origin": list(origin) or ["JFK"] * count,
        }
    )
    sink = io.BytesIO()
    pq.write_table(columns, sink)
    key = f"monitoring/delays/rows/{hour:%Y/%m/%d/%H}/{name}.parquet"
    s3.write(key, sink.getvalue())
    table = RowsTable(key, "live", release, count)
    record = HourRecord("delays", hour, name, {}, (table,), ())
    s3.write(record_key("delays", hour), record.to_bytes())
    return name


def label(name: str, outcome: Any, observed: datetime, **more: Any) -> dict[str, Any]:
    """One line of a truth file."""
    return {"inference_id": name, "outcome": outcome, "observed_at": observed.isoformat(), **more}


def told(s3: FakeS3, name: str, labels: Sequence[dict[str, Any] | str], came: datetime | None = None) -> str:
    """A truth file of these lines; its URI. It comes then, or when the last of its labels is observed."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in labels]
    key = f"truth/{name}.jsonl"
    s3.write(key, "".join(f"{line}\n" for line in lines).encode())
    observed = [datetime.fromisoformat(one["observed_at"]) for one in labels if not isinstance(one, str)]
    s3.modified[key] = came or max(observed, default=HOUR + DAY)
    return f"s3://bucket/{key}"


def read_until(s3: FakeS3, final: datetime) -> None:
    """All hours before this one are read."""
    body = json.dumps({"until": final.replace(minute=0).isoformat()}).encode()
    s3.write("monitoring/delays/watermark.json", body)


def day_of(
    s3: FakeS3, day: datetime, rate: float, score: float, rows: int = 300, release: str = RELEASE
) -> None:
    """A day with this base rate and mean score, all of its rows with a label 12 hours later."""
    random = np.random.default_rng(day.toordinal())
    scores = np.clip(random.normal(score, 0.05, rows), 0.01, 0.99)
    name = answered(s3, day.replace(hour=10), [float(one) for one in scores], release=release)
    truth = random.random(rows) < rate
    labels = [label(f"{name}#{row}", int(late), day + DAY / 2) for row, late in enumerate(truth)]
    told(s3, f"{day:%Y-%m-%d}", labels, came=day + DAY / 2)
