"""A stage's findings over records in memory: the real rules, and a clock that a test moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.alerts.kept import Kept
from monitoring.finding import Finding
from monitoring.storage.findings import FindingStore
from release.domain.alerting import AlertSettings
from release.domain.said import Caller
from tests.fakes.records import FakeRecords
from tests.fakes.trouble import Trouble

BEGAN = datetime(2026, 7, 1, tzinfo=UTC)
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
