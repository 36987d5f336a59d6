"""A project in memory: stages whose ports are all fakes, and processes that start, die and start again."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from release.domain import container, names
from release.domain.approvals import Approvals, Makers
from release.domain.image_reference import pinned
from release.domain.manifest import Foreign, ImageRecord, Manifest, ModelRecord
from release.domain.pins import EndpointSettings, ReleasePin, RolloutSettings
from release.domain.plan import Split
from release.domain.said import Caller
from release.domain.stage import Batch, ImageSettings, RetrainSettings, StageSettings
from release.domain.stages import StageEntry, Stages
from release.domain.waivers import Waivers
from release.ports import Event, Registry, StagePorts, Tell
from tests.fakes.batches import FakeBatchJobs
from tests.fakes.evidence import QUICK, FakeEvidence
from tests.fakes.fences import FakeFences
from tests.fakes.holdings import FakeHoldings
from tests.fakes.ledger import FakeLedger, process
from tests.fakes.models import FakeModels
from tests.fakes.packages import FakePackages
from tests.fakes.pulumi import FakeStack, FakeStageFile
from tests.fakes.quotas import FakeQuotas
from tests.fakes.records import FakeRecords
from tests.fakes.repository import FakeRepository
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.signs import FakeSigns
from tests.fakes.store import FakeArtifacts, FakeDataStore, FakeRegistry
from tests.fakes.trouble import Trouble

ACCOUNT = "123456789012"
CI = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/job-7"
"""Who works in a stage, if nobody else is said."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        """The first day of all, and the seconds slept."""
        return EPOCH + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds slept."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.seconds += seconds


def at_once(settings: EndpointSettings) -> EndpointSettings:
    """The settings; where they say nothing about rollouts, all at once."""
    if "rollout" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"rollout": RolloutSettings(strategy="all-at-once")})


class FakeStage:
    """One stage with its state; `ports()` is what a process sees that starts now.

    An endpoint that says nothing about its rollouts has them all at once.
    """

    def __init__(
        self, name: str, endpoints: dict[str, EndpointSettings], splits: tuple[Split, ...] = ()
    ) -> None:
        self.name = name
        self.trouble = Trouble()
        self.sagemaker = FakeSageMaker(self.trouble)
        self.file = FakeStageFile(self.trouble, endpoints)
        self.repository = FakeRepository(self.file)
        self.stack = FakeStack(name, self.trouble, self.file, self.sagemaker, splits)
        self.clock = FakeClock()
        self.ledger = FakeLedger(self.trouble, self.clock.now)
        self.evidence = FakeEvidence(self.trouble, self.clock, self.sagemaker)
        self.artifacts = FakeArtifacts(bucket=f"slipway-{name}")
        self.data = FakeDataStore()
        self.models = FakeModels()
        self.registry = FakeRegistry(address=f"registry/slipway-{name}")
        self.signs = FakeSigns()
        self.batches = FakeBatchJobs()
        self.batch = Batch()
        self.quotas = FakeQuotas()
        self.fences = FakeFences(self.trouble, "fence", now=self.clock.now)
        self.approvals: FakeRecords[Approvals] = FakeRecords(self.trouble, "approvals")
        self.makers: FakeRecords[Makers] = FakeRecords(self.trouble, "makers")
        self.waivers: FakeRecords[Waivers] = FakeRecords(self.trouble, "waivers")
        self.caller = Caller(arn=CI)
        self.packages = FakePackages(lambda: self.caller, self.clock.now)
        self.model_packages: Literal["none", "registered", "approved"] = "none"
        self.holdings = FakeHoldings(self.trouble, self.sagemaker, self.artifacts, self.registry)
        self.retrain = RetrainSettings()
        self.judge = QUICK
        self.former = False
        self.roles = True
        self.runtime: Literal["process", "container"] = "process"

    def ports(self) -> StagePorts:
        """The stage as the running process sees it."""
        settings = StageSettings(
            stage=self.name,
            account=ACCOUNT,
            region="us-east-1",
            endpoints={name: at_once(value) for name, value in self.file.endpoints.items()},
            batch=self.batch,
            judge=self.judge,
            model_packages=self.model_packages,
            retrain=self.retrain,
        )
        return StagePorts(
            settings=settings,
            former=self.former,
            loopback=True,
            entering=f"./slipway promote {self.name}",
            file=self.file,
            repository=self.repository,
            endpoints=self.sagemaker,
            stack=self.stack,
            ledger=self.ledger,
            evidence=self.evidence,
            fences=self.fences,
            approvals=self.approvals,
            makers=self.makers,
            waivers=self.waivers,
            caller=lambda: self.caller,
            artifacts=self.artifacts,
            data=self.data,
            holdings=self.holdings,
            registry=self.registry,
            models=self.models,
            packages=self.packages,
            last=False,
            signs=self.signs,
            batches=self.batches,
            quota_of=self.quotas.of,
            clock=self.clock,
            role_exists=lambda role: self.roles,
        )

    def new_process(self) -> None:
        """Whoever worked here is gone, and another process works now."""
        pid = self.ledger.owner.pid + 1
        self.ledger.owner = process(pid)
        self.ledger.living = {pid}

    def pin(
        self,
        number: int,
        capacity: int = 1,
        schema: Mapping[str, Any] | None = None,
        foreign: Foreign | None = None,
    ) -> ReleasePin:
        """A pin of the `number`-th release, as it is rolled out where the settings ask for no environment.

        Its files lie in this stage's bucket and registry.
        """
        body = str(number).encode()
        sha256 = hashlib.sha256(body).hexdigest()
        digest = "sha256:" + f"{number:x}".rjust(64, "a")
        manifest = Manifest(
            service="delays",
            image=ImageRecord(digest=digest, size=1, runtime=self.runtime, python="3.11", fetches=True),
            model=ModelRecord(sha256=sha256, size=len(body)),
            input_schema=dict(schema or {}),
            source={"number": number},
            evaluation={},
            gates=(),
            golden_sha256="c" * 64,
            foreign=foreign,
        )
        uri = self.artifacts.model_uri(sha256)
        self.artifacts.models[uri] = body
        self.artifacts.put_release(manifest, b"{}")
        self.registry.images.add(digest)
        return ReleasePin(
            release=manifest.id,
            image=f"registry/slipway-{self.name}@{digest}",
            model=uri,
            environment=container.environment(names.endpoint("delays", self.name), {}, "auto"),
            sha256=sha256,
            capacity=capacity,
            type="ml.m7i.large",
        )


@dataclass
class FakeImage:
    """An image that was built."""

    record: ImageRecord

    def push(self, registry: Registry, release: str) -> None:
        """It is in the registry now."""
        registry.copy_from("", {}, self.record.digest, release)


@dataclass
class FakeImages:
    """Builds the same image every time, and finds every one that is named by digest."""

    record: ImageRecord = field(
        default_factory=lambda: ImageRecord(
            digest="sha256:" + "d" * 64, size=1, runtime="process", python="3.11", fetches=True
        )
    )

    def build(self, settings: ImageSettings, tell: Tell) -> FakeImage:
        """The image."""
        return FakeImage(self.record)

    def find(self, reference: str, registry: Registry) -> FakeImage:
        """An image of others; every registry has all of them."""
        _, digest = pinned(reference)
        return FakeImage(ImageRecord(digest=digest, size=1, runtime="container", python=""))


class FakeWorld:
    """Stages in the order in which they were given."""

    def __init__(self, *stages: FakeStage, entries: tuple[StageEntry, ...] = ()) -> None:
        self._stages = {stage.name: stage for stage in stages}
        self.stages = Stages(entries=entries or tuple(StageEntry(name=stage.name) for stage in stages))
        self.images = FakeImages()
        self.build = Path("build")
        self.revisions: dict[str, dict[str, dict[str, EndpointSettings]]] = {}
        """The endpoints of each stage in each revision of Git."""

    def settings_at(self, revision: str, name: str) -> StageSettings | None:
        """A stage's settings in a revision."""
        endpoints = self.revisions[revision].get(name)
        return None if endpoints is None else self.settings(name).model_copy(update={"endpoints": endpoints})

    def explaining(self) -> AbstractContextManager[None]:
        """Errors here are slipway's own."""
        return nullcontext()

    def settings(self, name: str) -> StageSettings:
        """A stage's settings."""
        return self._stages[name].ports().settings

    def stage(self, name: str) -> StagePorts:
        """A stage as a new process sees it."""
        ports = self._stages[self.stages.entry(name).name].ports()
        return replace(ports, entering=self.stages.entering(name), last=name == self.stages.names[-1])

    def fences(self, name: str) -> FakeFences:
        """A stage's fences."""
        found = self._stages[self.stages.entry(name).name].fences
        found.exists()
        return found


class Told:
    """Collects events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def text(self) -> str:
        """All of them, a line each."""
        return "\n".join(event.text for event in self.events)
