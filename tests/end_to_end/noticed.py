"""What monitoring notices about a release, as if a look had shown it."""

from datetime import UTC, datetime

import pytest

from monitoring import connect
from monitoring.finding import Finding
from tests.end_to_end.world import World


def note(world: World, stage: str, release: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Monitoring notices something about a release, and tells nobody yet; returns the finding's id."""
    for name, value in world.sandbox.env.items():
        monkeypatch.setenv(name, value)
    now = datetime.now(UTC)
    found = Finding(
        endpoint="delays",
        release=release,
        kind="quality",
        subject="calibration",
        since=now,
        noticed=now,
        summary="The calibration error is 0.081, and 0.05 is allowed.",
        evidence={"ece": 0.081, "bound": 0.05, "rows": 5200},
    )
    connect.findings(world.ports(stage)).note([found])
    return found.id
