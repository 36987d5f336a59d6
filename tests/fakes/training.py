"""SageMaker's training jobs in memory: each goes through the statuses that the test gives it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from release.domain.stage import ImageSettings
from release.domain.training import Job, Request, Status
from release.domain.tuning import Tried, TuningJob
from release.jobs import Code
from release.ports import Registry, Tell

Life = Sequence[tuple[Status, str]]
DONE: Life = (
    (Status.RUNNING, "Starting"),
    (Status.RUNNING, "Training"),
    (Status.COMPLETED, "Completed"),
)


@dataclass
class FakeTrainingJobs:
    """Jobs by name. A look at one takes it a step on; `looked` is called before each look."""

    life: Life = DONE
    """Of the jobs that are created from now on."""
    left: dict[str, bytes] = field(default_factory=lambda: {"model.tar.gz": b"model"})
    looked: Callable[[str], None] = lambda name: None
    requests: dict[str, Request] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    _lives: dict[str, list[tuple[Status, str]]] = field(default_factory=dict)

    def describe(self, name: str) -> Job | None:
        """The next of its statuses; the last one stays."""
        self.looked(name)
        if name not in self._lives:
            return None
        life = self._lives[name]
        status, secondary = life.pop(0) if len(life) > 1 else life[0]
        return Job(name, f"arn:job/{name}", status, secondary, output=f"s3://b/{name}/output")

    def create(self, name: str, request: Request) -> None:
        """It begins its life."""
        self.requests[name] = request
        self._lives[name] = list(self.life)

    def stop(self, name: str) -> None:
        """It is stopped at once."""
        self.stopped.append(name)
        self._lives[name] = [(Status.STOPPED, "Stopped")]

    def follow(self, name: str) -> "FakeFollowing":
        """Two lines."""
        return FakeFollowing(["metric test_auc=0.5;", f"a line of {name}"])

    def fetch(self, job: Job, folder: Path) -> bool:
        """As set."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.left.items():
            (folder / name).write_bytes(content)
        return bool(self.left)


@dataclass
class FakeFollowing:
    """Lines, told once."""

    lines: list[str]

    def more(self) -> Sequence[str]:
        """All of them, then none."""
        told, self.lines = self.lines, []
        return told


@dataclass(frozen=True)
class FakeTrainingImage:
    """A training image."""

    digest: str

    def push(self, registry: Registry) -> None:
        """It is in the registry now."""
        registry.copy_from("", {}, self.digest, "")


@dataclass
class FakeTrainingImages:
    """Builds the same image every time."""

    image: FakeTrainingImage = FakeTrainingImage("sha256:" + "e" * 64)

    def build(self, settings: ImageSettings, code: Code, tell: Tell) -> FakeTrainingImage:
        """It."""
        return self.image

    def changed(self) -> None:
        """The code is another one from now on."""
        self.image = replace(self.image, digest="sha256:" + "f" * 64)


@dataclass
class FakeTuningJobs:
    """Tuning jobs of two training jobs, of which the second is the best; over at the second look."""

    jobs: FakeTrainingJobs
    status: Status = Status.COMPLETED
    measured: bool = True
    """Whether any of its training jobs measured something."""
    requests: dict[str, Request] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    _looks: dict[str, int] = field(default_factory=dict)

    def describe(self, name: str) -> TuningJob | None:
        """Running at first, then as set."""
        self.jobs.looked(name)
        if name not in self.requests:
            return None
        looks = self._looks[name] = self._looks.get(name, 0) + 1
        over = looks > 1
        best = f"{name}-002" if over and self.measured and self.status is Status.COMPLETED else ""
        return TuningJob(name, self.status if over else Status.RUNNING, "no metric", best, 2 * over)

    def create(self, name: str, request: Request) -> None:
        """Its training jobs begin their lives."""
        self.requests[name] = request
        for number in (1, 2):
            self.jobs.create(f"{name}-{number:03}", request)

    def stop(self, name: str) -> None:
        """It is stopped."""
        self.stopped.append(name)

    def tried(self, name: str) -> Sequence[Tried]:
        """Both."""
        return [Tried(f"{name}-{number:03}", {"C": str(number)}, number / 10) for number in (1, 2)]
