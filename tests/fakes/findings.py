"""A stage's findings over records in memory: the real rules, and a clock that a test moves."""

from datetime import datetime, timedelta
from typing import Any

from monitoring.alerts.events import FindingEvent
from monitoring.alerts.kept import Kept
from monitoring.finding import Finding
from monitoring.operations.telling import Room, tell_all
from monitoring.operations.telling import Told as Outcome
from monitoring.storage.findings import FindingStore
from release.domain.alerting import AlertSettings
from release.domain.errors import ServiceError
from release.domain.said import Caller
from tests.fakes.records import FakeRecords
from tests.fakes.trouble import Trouble
from tests.fakes.world import EPOCH, FakeClock, FakeStage, FakeWorld, Told

BEGAN = EPOCH
PERSON = Caller(arn="arn:aws:iam::123456789012:user/ann")


class Shelf:
    """Findings of a stage, and the hours that have passed."""

    def __init__(self, **settings: Any) -> None:
        self.trouble = Trouble()
        self.records: FakeRecords[Kept] = FakeRecords(self.trouble, "finding")
        self.settings = AlertSettings.model_validate(settings)
        self.hours = 0.0
        self.findings = FindingStore(self.records, {"delays": self.settings}, lambda: PERSON, self.now)

    def now(self) -> datetime:
        """The time."""
        return at(self.hours)


class Ear:
    """Hears events of findings; a test makes it deaf, or lets it die while it hears."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.deaf = False
        self.heard: list[FindingEvent] = []

    def hear(self, event: FindingEvent) -> None:
        """One event."""
        if self.deaf:
            raise ServiceError("EventBridge does not answer.", "It is kept.", "Run it again.")
        self.trouble.moment("event")
        self.heard.append(event)
        self.trouble.moment()

    @property
    def said(self) -> list[str]:
        """The last word of what was heard, in order."""
        return [event.type.rpartition(" ")[2] for event in self.heard]


class Stage:
    """A fake stage that serves a release, its findings, and one ear on its events; they have one clock."""

    def __init__(self, stage: FakeStage, **settings: Any) -> None:
        self.stage = stage
        self.shelf = Shelf(**settings)
        self.shelf.trouble = self.shelf.records.trouble = stage.trouble
        self.ear = Ear(stage.trouble)
        stage.clock = Hours(self.shelf)
        stage.ledger.now = stage.clock.now
        self.world = FakeWorld(stage)
        self.told = Told()

    @property
    def live(self) -> str:
        """The release that is live."""
        pin = self.stage.file.endpoints["delays"].pins.live
        assert pin is not None
        return pin.release

    @property
    def room(self) -> Room:
        """What telling needs, as a process sees it that starts now."""
        ports = self.world.stage(self.stage.name)
        return Room(self.world, ports, self.shelf.findings, {"events": lambda endpoint: self.ear})

    def note(self, *hours: float, **values: Any) -> None:
        """The finding is noticed after so many hours, one look each."""
        for hour in hours:
            self.shelf.hours = hour
            self.shelf.findings.note([finding(hour, **{"release": self.live} | values)])

    def tell(self) -> Outcome:
        """One run of telling."""
        return tell_all(self.room, self.told)

    @property
    def entries(self) -> list[str]:
        """What the ledger has of findings."""
        return [
            one.entry.what.event for one in self.stage.ledger.stored if one.entry.subject.kind == "monitor"
        ]


class Hours(FakeClock):
    """The shelf's time, and what was slept."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    def now(self) -> datetime:
        """The time."""
        return self._shelf.now() + timedelta(seconds=self.seconds)


def at(hours: float) -> datetime:
    """So many hours after the beginning."""
    return BEGAN + timedelta(hours=hours)


def finding(hours: float = 0, **values: Any) -> Finding:
    """One that was noticed after so many hours."""
    usual = {
        "endpoint": "delays",
        "release": "3f2a9c01d4e7",
        "kind": "quality",
        "subject": "calibration",
        "since": BEGAN,
        "noticed": at(hours),
        "summary": "The calibration error is 0.081, and 0.05 is allowed.",
        "evidence": {"ece": 0.081, "bound": 0.05, "rows": 5200},
    }
    return Finding.model_validate(usual | values)
