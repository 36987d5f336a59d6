"""What training jobs need of the world, as protocols: who implements them is `release/adapters/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from release.domain.events import Tell
from release.domain.stage import ImageSettings
from release.domain.training import Job, Request, Status
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


class Standing(Protocol):
    """A job as SageMaker describes it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def status(self) -> Status:
        """How it stands."""


Seen = TypeVar("Seen", bound=Standing, covariant=True)


class Jobs(Protocol[Seen]):
    """SageMaker, as far as the life of a job of one kind needs it."""

    def describe(self, name: str) -> Seen | None:
        """A job, None when there is none of that name."""

    def create(self, name: str, request: Request) -> None:
        """Start a job."""

    def stop(self, name: str) -> None:
        """Have a job stop, and those that it started; one that has ended is no error."""


class TrainingJobs(Jobs[Job], Protocol):
    """The training jobs."""

    def follow(self, name: str) -> Following:
        """Follow what a job prints."""

    def fetch(self, job: Job, folder: Path) -> bool:
        """Unpack what a job left beside its model into `folder`; whether it left anything."""


class TuningJobs(Jobs[TuningJob], Protocol):
    """The tuning jobs."""

    def tried(self, name: str) -> Sequence[Tried]:
        """The training jobs of one, in the order of their start."""


@dataclass(frozen=True)
class Site:
    """One stage as a place to train in."""

    ports: StagePorts
    jobs: TrainingJobs
    tuning: TuningJobs
    images: TrainingImages


Inputs = Mapping[str, Path]
"""Files by the channel that they are given in."""
