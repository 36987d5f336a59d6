"""What training jobs need of the world, as protocols: who implements them is `release/adapters/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from release.domain.events import Tell
from release.domain.stage import ImageSettings
from release.domain.training import Job, Request
from release.domain.tuning import Tried, TuningJob
from release.ports import Registry, StagePorts


@dataclass(frozen=True)
class Code:
    """The code of one service: its folder, and where that lies in the image, as its package is called."""

    folder: Path
    place: str


class TrainingImage(Protocol):
    """A training image that was built on this machine."""

    @property
    def digest(self) -> str:
        """What names it."""

    def push(self, registry: Registry) -> None:
        """Bring it into a stage's registry under a tag of its own."""


class TrainingImages(Protocol):
    """Where training images come from."""

    def build(self, settings: ImageSettings, code: Code, tell: Tell) -> TrainingImage:
        """Build the training image of this checkout for one service."""


class Following(Protocol):
    """What a job prints, as it comes."""

    def more(self) -> Sequence[str]:
        """The lines that came since the last call."""


class TrainingJobs(Protocol):
    """SageMaker, as far as a training job's life needs it."""

    def describe(self, name: str) -> Job | None:
        """A job, None when there is none of that name."""

    def create(self, name: str, request: Request) -> None:
        """Start a job."""

    def stop(self, name: str) -> None:
        """Have a job stop; one that has ended is no error."""

    def follow(self, name: str) -> Following:
        """Follow what a job prints."""

    def fetch(self, job: Job, folder: Path) -> bool:
        """Unpack what a job left beside its model into `folder`; whether it left anything."""


class TuningJobs(Protocol):
    """SageMaker, as far as a tuning job's life needs it."""

    def describe(self, name: str) -> TuningJob | None:
        """A tuning job, None when there is none of that name."""

    def create(self, name: str, request: Request) -> None:
        """Start a tuning job."""

    def stop(self, name: str) -> None:
        """Have a tuning job and its training jobs stop; one that has ended is no error."""

    def tried(self, name: str) -> Sequence[Tried]:
        """Its training jobs, in the order of their start."""


@dataclass(frozen=True)
class Site:
    """One stage as a place to train in."""

    ports: StagePorts
    jobs: TrainingJobs
    tuning: TuningJobs
    images: TrainingImages


Inputs = Mapping[str, Path]
"""Files by the channel that they are given in."""
