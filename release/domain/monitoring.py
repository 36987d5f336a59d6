"""What a stage's file says of monitoring an endpoint. Pure; what it means is decided in `monitoring/`."""

from typing import Annotated

from pydantic import Field

from release.domain.alerting import AlertSettings
from release.domain.captured_records import RecordsSettings
from release.domain.drift import DriftSettings
from release.domain.paging import Paging
from release.domain.quality_settings import QualitySettings
from release.domain.values import Data


class Objectives(Data):
    """Service-level objectives: what callers of an endpoint may expect, over 30 days."""

    availability_percent: Annotated[float, Field(ge=50, lt=100)] = 99.5
    """So many of a hundred requests are answered without a 5xx."""
    latency_ms: Annotated[float, Field(gt=0, le=60_000)] = 300.0
    """How long the model may take for a request, milliseconds ..."""
    latency_percent: Annotated[float, Field(ge=50, lt=100)] = 99.0
    """... and how many of a hundred are at least that fast."""


class MonitoringSettings(Data):
    """What is watched of an endpoint's live release."""

    objectives: Objectives = Objectives()
    records: RecordsSettings = RecordsSettings()
    paging: Paging = Paging()
    alerts: AlertSettings = AlertSettings()
    drift: DriftSettings = DriftSettings()
    quality: QualitySettings = QualitySettings()
