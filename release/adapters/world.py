"""A project on this machine and its stages in AWS: the ports of `release/ports.py`, joined."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from release.adapters import ci, revisions, stage_file
from release.adapters.artifacts import ArtifactStore
from release.adapters.aws import StageAws, error_code
from release.adapters.batch_jobs import TransformJobs
from release.adapters.clock import SystemClock
from release.adapters.data_store import DataStore
from release.adapters.endpoints import Endpoints
from release.adapters.evidence import EvidenceStore
from release.adapters.fence_store import FenceStore
from release.adapters.git import GitRepository
from release.adapters.holdings import Holdings
from release.adapters.images import LocalImages, LocalTrainingImages
from release.adapters.ledger_store import LedgerStore
from release.adapters.model_packages import SageMakerRegistry
from release.adapters.model_registry import ModelRegistry
from release.adapters.project_folder import find_project
from release.adapters.quotas import Quotas
from release.adapters.records import approval_store, explaining, maker_store, waiver_store
from release.adapters.registry import Registry
from release.adapters.signs import Signs
from release.adapters.stage_file import YamlStageFile
from release.adapters.training_jobs import TrainingJobs
from release.adapters.tuning_jobs import TuningJobs
from release.domain import former, stage, stages
from release.domain.planned import Change
from release.domain.said import Caller
from release.domain.stage import StageSettings
from release.domain.stages import Stages
from release.jobs import Site
from release.ports import Event, Stack, StagePorts, Tell

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Project:
    """A project folder: the stages' files, and what they lead to."""

    folder: Path
    tell: Tell
    commits: bool = field(default=True, kw_only=True)
    """Whether a command commits the stage's file that it changed."""

    @property
    def build(self) -> Path:
        """The project's folder for what is built."""
        return self.folder / ".build"

    @property
    def images(self) -> LocalImages:
        """Where images are built: one cache for all projects of this checkout."""
        return LocalImages(ROOT / ".build" / "image")

    @cached_property
    def stages(self) -> Stages:
        """The stages in their order."""
        return stages.parse(stage_file.read_project(self.folder), stage_file.stages_in(self.folder))

    def stage(self, name: str) -> StagePorts:
        """One stage. Raises UsageError for an unknown one, a wrong file, or another account's credentials.

        Raises SlipwayError when it cannot be reached, whatever the reason is.
        """
        config, settings = self._read(name)
        with explaining():
            aws = _aws(settings)
            aws.check_account()
        ports = ports_of(self.folder, settings, aws, former.is_former(config), self.tell, self.commits)
        last = settings.stage == self.stages.names[-1]
        return replace(ports, entering=self.stages.entering(settings.stage), last=last)

    def site(self, name: str) -> Site:
        """One stage as a place to train in. Raises as `stage` does."""
        aws = _aws(self.settings(name))
        images = LocalTrainingImages(ROOT / ".build" / "image")
        return Site(self.stage(name), TrainingJobs(aws), TuningJobs(aws), images)

    def fences(self, name: str) -> FenceStore:
        """One stage's fences alone. Raises SlipwayError when it cannot be reached, whatever the reason is."""
        with explaining():
            aws = _aws(self.settings(name))
            aws.check_account()
            return FenceStore(aws, ArtifactStore(aws).bucket)

    def explaining(self) -> AbstractContextManager[None]:
        """Inside, an error of boto3 is raised as what it means."""
        return explaining()

    def settings_at(self, revision: str, name: str) -> StageSettings | None:
        """A stage's settings as a revision of Git has them; None where it has no such stage.

        Raises UsageError for a revision that there is not, and as `settings`.
        """
        config = revisions.config_at(self.folder, revision, name)
        return None if config is None else stage.parse(name, config)

    def settings(self, name: str) -> StageSettings:
        """A stage's settings alone, without asking AWS anything. Raises UsageError as `stage` does."""
        return self._read(name)[1]

    def _read(self, name: str) -> tuple[dict[str, Any], StageSettings]:
        listed = self.stages.entry(name).name
        config = stage_file.read_config(stage_file.path_of(self.folder, listed))
        return config, stage.parse(listed, config)


def _aws(settings: StageSettings) -> StageAws:
    return StageAws(settings.stage, settings.account, settings.region, settings.profile)


def ports_of(
    folder: Path,
    settings: StageSettings,
    aws: StageAws,
    written_by_former: bool,
    tell: Tell,
    commits: bool = True,
) -> StagePorts:
    """The ports of one stage, reached by `aws`."""
    artifacts = ArtifactStore(aws)
    ledger = LedgerStore(aws, artifacts.bucket)
    file = stage_file.path_of(folder, settings.stage)

    def say(text: str) -> None:
        tell(Event(text, detail=True))

    return StagePorts(
        settings=settings,
        former=written_by_former,
        loopback=aws.on_loopback,
        entering=f"./slipway promote {settings.stage}",
        file=YamlStageFile(file),
        repository=GitRepository(file, commits and settings.commits),
        endpoints=Endpoints(aws),
        stack=_StackWhenNeeded(folder, aws, say, ledger.left_by_the_dead),
        ledger=ledger,
        evidence=EvidenceStore(aws, artifacts.bucket),
        fences=FenceStore(aws, artifacts.bucket),
        approvals=approval_store(aws, artifacts.bucket),
        makers=maker_store(aws, artifacts.bucket),
        waivers=waiver_store(aws, artifacts.bucket),
        caller=lambda: Caller(arn=aws.identity["Arn"], actor=ci.actor()),
        artifacts=artifacts,
        data=DataStore(aws, artifacts),
        holdings=Holdings(aws, artifacts),
        registry=Registry(aws),
        models=ModelRegistry(folder / ".build"),
        packages=SageMakerRegistry(aws),
        last=False,
        signs=Signs(aws),
        batches=TransformJobs(aws),
        quota_of=Quotas(aws).of,
        clock=SystemClock(),
        role_exists=lambda role: _role_exists(aws, role),
    )


@dataclass
class _StackWhenNeeded:
    """The stage's stack. Pulumi is loaded when it is needed: a rollback has moved the traffic by then."""

    folder: Path
    aws: StageAws
    say: Callable[[str], None]
    left: Callable[[str, datetime], bool]
    _stack: Stack | None = None

    def up(self, endpoint: str | None = None) -> None:
        """As `release.adapters.stack.PulumiStack`."""
        self._loaded().up(endpoint)

    def ready(self) -> None:
        """As `release.adapters.stack.PulumiStack`."""
        self._loaded().ready()

    def preview(self) -> Sequence[Change] | None:
        """As `release.adapters.stack.PulumiStack`."""
        return self._loaded().preview()

    def _loaded(self) -> Stack:
        if self._stack is None:
            from release.adapters.stack import PulumiStack

            self._stack = PulumiStack(self.folder, self.aws, self.say, self.left)
        return self._stack


def _role_exists(aws: StageAws, role: str) -> bool:
    try:
        aws.client("iam").get_role(RoleName=role)
    except ClientError as error:
        if error_code(error) in {"NoSuchEntity", "NoSuchEntityException"}:
            return False
        raise
    return True


def find(start: Path, tell: Tell, commits: bool = True) -> Project:
    """The project at or above `start`. Raises UsageError where there is none."""
    return Project(find_project(start), tell, commits=commits)
