"""A retrain's trainer: as `./slipway train`, here or in a training job, as `release` asks for one."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.contract import Service
from model.errors import ModelError
from model.training.options import TrainOptions
from model.training.retraining import Wanted, look, parameters_of
from model.training.tracking.trackers import Name
from release.domain.errors import UsageError
from release.domain.retrained import TrainingWindow
from release.domain.trainer import Look
from release.ports import Event, Tell
from scripts.shared import training_job

if TYPE_CHECKING:
    from model.training.finish import TrainResult


@dataclass(frozen=True)
class TrainsAsCommanded:
    """Trains a service. `wanted` is what somebody asks for besides the service's own rule."""

    of: Service
    wanted: Wanted
    build: Path
    trackers: Sequence[Name]
    job: training_job.Asked | None
    """The training job that trains; None: this process does."""

    @property
    def service(self) -> str:
        """The service's name."""
        return self.of.name

    def look(self, champion: Path) -> Look:
        """What there is to learn."""
        with _as_usage():
            found = look(self.of, champion, self.wanted, self.build)
        window = TrainingWindow(
            model=found.model,
            options=found.options,
            data_version=found.data_version,
            learns=found.rows,
        )
        return Look(window, found.about, found.live)

    def train(self, window: TrainingWindow, champion: Path, out: Path, tell: Tell) -> None:
        """Train, and leave what a release takes in `out`."""
        from model.training.champion import read_champion  # its libraries, only when they are needed

        options = TrainOptions(
            model=window.model,
            own=window.options,
            parameters=parameters_of(self.of, read_champion(champion, self.of).about, window.model),
            out=out,
            champion=champion,
            build=self.build,
            trackers=tuple(self.trackers),
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or None,
        )
        with _as_usage():
            result = self._trained(options, tell)
        for warning in result.warnings:
            tell(Event(f"warning: {warning}", detail=True))

    def _trained(self, options: TrainOptions, tell: Tell) -> "TrainResult":
        if self.job is not None:
            return training_job.train(self.of, options, self.job, tell)
        from model.training.train import train

        return train(self.of, options, lambda text: tell(Event(text)))


@contextmanager
def _as_usage() -> Generator[None]:
    """What a person has to put right first, as the operation knows such an error."""
    try:
        yield
    except ModelError as error:
        raise UsageError(error.cause, error.consequence, error.next_step) from error
