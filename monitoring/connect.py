"""Joins monitoring's operations to the real world: the one place that knows both.

What reads tables or calls AWS is loaded by the function that needs it: commands import this module, and
nobody's `--help` waits for numpy or boto3.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release import connect as release

if TYPE_CHECKING:
    from monitoring.capture.selection import Selected, Selector
    from monitoring.experiments.reading import Line
    from monitoring.operations.telling import Room
    from monitoring.operations.truth import Sources
    from monitoring.ports import CapturedHours, Hearer
    from monitoring.storage.capture_counts import CaptureCounts
    from monitoring.storage.erasure import Erasure
    from monitoring.storage.findings import FindingStore
    from monitoring.storage.rows import RowTables
    from release.adapters.aws import StageAws
    from release.domain.stage import StageSettings
    from release.ports import StagePorts, Tell, World


def captured(ports: "StagePorts", endpoint: str) -> "CapturedHours":
    """The captured records of one of a stage's endpoints."""
    from monitoring.storage.captured import CapturedRecords
    from release.domain import names

    s3, in_sagemaker = _aws(ports.settings).client("s3"), names.endpoint(endpoint, ports.name)
    return CapturedRecords(s3, ports.artifacts, endpoint, in_sagemaker)


def capture_counts(ports: "StagePorts") -> "CaptureCounts":
    """What SageMaker counted in a stage, and what was captured."""
    from monitoring.storage.capture_counts import CaptureCounts

    aws = _aws(ports.settings)
    return CaptureCounts(aws.client("s3"), aws.client("cloudwatch"))


def draw_drift(ports: "StagePorts", endpoint: str, release: str, until: datetime, page: Path) -> int:
    """Draw the newest rows that a release answered as the live one beside its sample; how many those are.

    Raises UsageError where there is nothing to draw, PageError where it cannot be drawn.
    """
    from monitoring.drawing import drift_page
    from monitoring.storage import newest
    from monitoring.storage.reference import sample_of
    from release.domain.errors import UsageError

    found = sample_of(ports.artifacts, ports.artifacts.manifest(release))
    count, table = newest.answered(rows(ports, endpoint), release, until)
    if found is None or not count:
        what = "has no sample to compare with" if found is None else "has answered no row that was read"
        raise UsageError(
            f"Release {release} of {endpoint} {what}.",
            f"{page} was not drawn; what was read and noticed is kept.",
            "Run it again without --report, or when there are rows.",
        )
    drift_page.draw(*found, table, page)
    return count


def erasure(ports: "StagePorts") -> "Erasure":
    """Captured records of a stage, to be found and deleted."""
    from monitoring.storage.erasure import Erasure

    return Erasure(_aws(ports.settings).client("s3"), ports.artifacts.bucket)


def selected(selector: "Selector", schemas: Sequence[Mapping[str, Any]], secret: bytes) -> "Selected":
    """What tells the records that are to be forgotten from the others."""
    from monitoring.storage import selected as records

    return records.selected(selector, schemas, secret)


def findings(ports: "StagePorts") -> "FindingStore":
    """The findings of a stage."""
    from monitoring.storage.findings import FindingStore, record_store

    settings = ports.settings
    alerts = {name: endpoint.monitoring.alerts for name, endpoint in settings.endpoints.items()}
    records = record_store(_aws(settings), _bucket(settings))
    return FindingStore(records, alerts, ports.caller, ports.clock.now)


def room(tell: "Tell", stage: str, start: Path | None = None) -> "Room":
    """A stage of the project at or above `start` (default: the current folder), to tell of its findings.

    Raises UsageError where there is no project or no such stage, SlipwayError when it cannot be reached.
    """
    from monitoring.operations.telling import Room

    world: World = release.connect(tell, start)
    ports = world.stage(stage)
    folder = release.folder(start)
    return Room(world, ports, findings(ports), _hearers(ports.settings, folder))


def rows(ports: "StagePorts", endpoint: str) -> "RowTables":
    """The rows that one of a stage's endpoints answered, of the hours that were read."""
    from monitoring.storage.rows import RowTables

    return RowTables(_aws(ports.settings).client("s3"), ports.artifacts.bucket, endpoint)


def truth(ports: "StagePorts", endpoint: str) -> "Sources":
    """The captured rows and the truth of one of a stage's endpoints."""
    from monitoring.operations.truth import Sources
    from monitoring.storage.answered import AnsweredTables
    from monitoring.storage.quality_book import QualityBook
    from monitoring.storage.truth import TruthFolder

    settings = ports.settings
    bucket, s3 = _bucket(settings), _aws(settings).client("s3")
    uri = settings.endpoints[endpoint].monitoring.quality.truth or ""
    return Sources(
        AnsweredTables(s3, bucket, endpoint), TruthFolder(s3, uri), QualityBook(s3, bucket, endpoint)
    )


def told(ports: "StagePorts") -> "Callable[[str], Iterator[Line]]":
    """Reads the lines of files that callers left, in a folder or in S3 by the stage's credentials."""
    from monitoring.storage.told import Told

    return Told(_aws(ports.settings).client("s3")).lines


def _hearers(settings: "StageSettings", folder: Path) -> "dict[str, Callable[[str], Hearer | None]]":
    from monitoring.storage.hearers import EventBus, EventFile

    bus = EventBus(_aws(settings))

    def events(endpoint: str) -> "Hearer | None":
        found = settings.endpoints.get(endpoint)
        return bus if found is not None and found.monitoring.alerts.events else None

    def file(endpoint: str) -> "Hearer | None":
        found = settings.endpoints.get(endpoint)
        path = found.monitoring.alerts.file if found is not None else None
        return EventFile(folder / path) if path else None

    return {"events": events, "file": file}


def _bucket(settings: "StageSettings") -> str:
    from release.domain import names

    return names.bucket(settings.stage, settings.account, settings.region)


def _aws(settings: "StageSettings") -> "StageAws":
    from release.adapters.aws import StageAws

    return StageAws(settings.stage, settings.account, settings.region, settings.profile)
