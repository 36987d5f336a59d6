"""Reads hours in a process of its own, whose memory is measured: an hour a line in, figures a line out."""

import json
import resource
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from bench.monitoring.folder_s3 import FolderS3
from bench.monitoring.records import ENDPOINT, IN_SAGEMAKER, Artifacts
from monitoring.operations.monitor import Reading
from monitoring.records.hours import HOUR
from monitoring.records.periods import served
from monitoring.storage.captured import CapturedRecords
from release.ports import Artifacts as ArtifactsPort


def main(root: Path) -> None:
    """Read up to the end of each hour that is named, in the order in which they are."""
    artifacts = Artifacts()
    for line in sys.stdin:
        hour = datetime.fromisoformat(line.strip())
        s3 = FolderS3(root)
        records = CapturedRecords(s3, cast(ArtifactsPort, artifacts), ENDPOINT, IN_SAGEMAKER)
        print(json.dumps(_read(records, s3, artifacts, hour)), flush=True)


def _read(records: CapturedRecords, s3: FolderS3, artifacts: Artifacts, hour: datetime) -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    told = served([], ENDPOINT, artifacts.pin)
    reading = Reading(records, told, lambda event: None)
    reading.new(records.watermark() or hour, hour + HOUR)
    return {
        "rows": sum(record.rows for record in reading.found),
        "hours": len(reading.found),
        "troubles": sum(sum(record.troubles.values()) for record in reading.found),
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "calls": dict(s3.calls),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
