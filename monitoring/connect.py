"""Joins monitoring's operations to the real world: the one place that knows both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.experiments.reading import Line
from monitoring.operations.telling import Room
from monitoring.ports import Hearer
from monitoring.storage.capture_counts import CaptureCounts
from monitoring.storage.erasure import Erasure
from monitoring.storage.findings import FindingStore, record_store
from monitoring.storage.hearers import EventBus, EventFile
from monitoring.storage.selected import selected
from monitoring.storage.told import Told
from release import connect as release
from release.adapters.aws import StageAws
from release.domain import names
from release.domain.stage import StageSettings
from release.ports import StagePorts, Tell, World

if TYPE_CHECKING:
    from monitoring.operations.truth import Sources
    from monitoring.ports import CapturedHours
    from monitoring.storage.rows import RowTables

__all__ = ["capture_counts", "captured", "erasure", "findings", "room", "rows", "selected", "told", "truth"]


def captured(ports: StagePorts, endpoint: str) -> "CapturedHours":
    """The captured records of one of a stage's endpoints. What reads tables is loaded by whoever asks."""
    from monitoring.storage.captured import CapturedRecords

    s3, in_sagemaker = _aws(ports.settings).client("s3"), names.endpoint(endpoint, ports.name)
    return CapturedRecords(s3, ports.artifacts, endpoint, in_sagemaker)


def capture_counts(ports: StagePorts) -> CaptureCounts:
    """What SageMaker counted in a stage, and what was captured."""
    aws = _aws(ports.settings)
    return CaptureCounts(aws.client("s3"), aws.client("cloudwatch"))


def erasure(ports: StagePorts) -> Erasure:
    """Captured records of a stage, to be found and deleted."""
    return Erasure(_aws(ports.settings).client("s3"), ports.artifacts.bucket)


def findings(ports: StagePorts) -> FindingStore:
    """The findings of a stage."""
    settings = ports.settings
    bucket = names.bucket(settings.stage, settings.account, settings.region)
    alerts = {name: endpoint.monitoring.alerts for name, endpoint in settings.endpoints.items()}
    return FindingStore(record_store(_aws(settings), bucket), alerts, ports.caller, ports.clock.now)


def room(tell: Tell, stage: str, start: Path | None = None) -> Room:
    """A stage of the project at or above `start` (default: the current folder), to tell of its findings.

    Raises UsageError where there is no project or no such stage, SlipwayError when it cannot be reached.
    """
    world: World = release.connect(tell, start)
    ports = world.stage(stage)
    folder = release.folder(start)
    return Room(world, ports, findings(ports), _hearers(ports.settings, folder))


def rows(ports: StagePorts, endpoint: str) -> "RowTables":
    """The rows that one of a stage's endpoints answered, of the hours that were read."""
    from monitoring.storage.rows import RowTables

    return RowTables(_aws(ports.settings).client("s3"), ports.artifacts.bucket, endpoint)


def truth(ports: StagePorts, endpoint: str) -> "Sources":
    """The captured rows and the truth of one of a stage's endpoints; loaded by whoever asks, too."""
    from monitoring.operations.truth import Sources
    from monitoring.storage.answered import AnsweredTables
    from monitoring.storage.quality_book import QualityBook
    from monitoring.storage.truth import TruthFolder

    settings = ports.settings
    bucket, s3 = names.bucket(settings.stage, settings.account, settings.region), _aws(settings).client("s3")
    uri = settings.endpoints[endpoint].monitoring.quality.truth or ""
    return Sources(
        AnsweredTables(s3, bucket, endpoint), TruthFolder(s3, uri), QualityBook(s3, bucket, endpoint)
    )


def told(ports: StagePorts) -> Callable[[str], Iterator[Line]]:
    """Reads the lines of files that callers left, in a folder or in S3 by the stage's credentials."""
    return Told(_aws(ports.settings).client("s3")).lines


def _hearers(settings: StageSettings, folder: Path) -> dict[str, Callable[[str], Hearer | None]]:
    bus = EventBus(_aws(settings))

    def events(endpoint: str) -> Hearer | None:
        found = settings.endpoints.get(endpoint)
        return bus if found is not None and found.monitoring.alerts.events else None

    def file(endpoint: str) -> Hearer | None:
        found = settings.endpoints.get(endpoint)
        path = found.monitoring.alerts.file if found is not None else None
        return EventFile(folder / path) if path else None

    return {"events": events, "file": file}


def _aws(settings: StageSettings) -> StageAws:
    return StageAws(settings.stage, settings.account, settings.region, settings.profile)
