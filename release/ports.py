"""What operations and rollouts need of the world, as protocols: who implements them is `release/adapters/`.

Methods may raise a SlipwayError, or a library's error that commands translate. Fakes are in `tests/fakes/`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from release.domain import quotas
from release.domain.approvals import Approvals, Makers
from release.domain.batch import BatchJobs
from release.domain.captures import Minutes
from release.domain.chain import Shelf
from release.domain.cleanup import Kind, Thing
from release.domain.data_version import DataStore as DataStore
from release.domain.deployment import Deployment
from release.domain.diagnosis.symptoms import Alarm, LogStream
from release.domain.events import Event as Event
from release.domain.events import Progress as Progress
from release.domain.events import Tell
from release.domain.fence import Fence, Signature
from release.domain.golden import Golden
from release.domain.landed import Description
from release.domain.ledger import Entry, OpenRollout, Owner, Payload, Stored, Subject
from release.domain.manifest import ImageRecord, Manifest
from release.domain.model_packages import ModelPackages
from release.domain.model_versions import ModelRegistry
from release.domain.orders import Order
from release.domain.pins import Pins, Proposed
from release.domain.planned import Change
from release.domain.proposal import Edit
from release.domain.records import Records
from release.domain.repository import Repository
from release.domain.retraining import Retrain
from release.domain.said import Caller
from release.domain.scaling import Scaling
from release.domain.stage import ImageSettings, StageSettings
from release.domain.stages import Stages
from release.domain.unanswered import Busy as Busy
from release.domain.unanswered import ModelAnswered as ModelAnswered
from release.domain.unanswered import Unanswered as Unanswered
from release.domain.unanswered import Unreadable as Unreadable
from release.domain.waivers import Waivers


class Clock(Protocol):
    """Time, as far as waiting needs it."""

    def now(self) -> datetime:
        """The time of day, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class StageFile(Protocol):
    """The pins of a stage in its file."""

    def pins(self, endpoint: str) -> Pins:
        """An endpoint's pins as the file has them at this moment, each with its instance type."""

    def write(self, endpoint: str, pins: Pins) -> None:
        """Set an endpoint's pins; all else stays as it is, but without a candidate no proposal stays."""

    def proposing(self, endpoint: str, proposed: Proposed) -> Edit:
        """The file with this proposal in it; nothing is written."""


class Endpoints(Protocol):
    """SageMaker, as far as an endpoint's life needs it."""

    def describe(self, endpoint: str) -> Description | None:
        """DescribeEndpoint's answer, None when there is no such endpoint."""

    def update(self, endpoint: str, config: str, deployment: Deployment | None) -> None:
        """One UpdateEndpoint to `config`, with the live variant's instance count of this moment."""

    def rescale(self, endpoint: str, weights: Mapping[str, float], counts: Mapping[str, int]) -> None:
        """One UpdateEndpointWeightsAndCapacities: new weights and desired counts of variants, by name."""

    def delete(self, endpoint: str) -> None:
        """Delete an endpoint that never served."""

    def hold_scaling(self, endpoint: str) -> None:
        """Keep autoscaling from taking instances of the live variant away; adding some stays allowed."""

    def free_scaling(self, endpoint: str) -> None:
        """Let autoscaling work as before."""

    def bounds(self, endpoints: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """Least and most instances between which autoscaling moves live, of those that it scales."""

    def config_names(self) -> frozenset[str]:
        """The names of all endpoint configs with the stage in their name."""

    def model_names(self) -> frozenset[str]:
        """The names of all models with the stage in their name."""

    def end_scaling(self, endpoint: str) -> None:
        """Take the live variant from autoscaling, its policies too; nothing happens where it has none."""

    def begin_scaling(self, endpoint: str, asked: Scaling, held: bool) -> None:
        """Give the live variant what it lacks of autoscaling; with `held` as after `hold_scaling`."""

    def instance_types(self, config: str) -> Mapping[str, str]:
        """The instance types of an endpoint config's production variants; none of one that is not there."""

    def config_model(self, config: str) -> str | None:
        """The model that an endpoint config's first variant serves, None when there is no such config."""

    def model_container(self, model: str) -> Mapping[str, Any] | None:
        """A model's `PrimaryContainer`, None when there is no such model."""

    def invoke(
        self, endpoint: str, body: bytes, content_type: str, variant: str | None = None, accept: str = ""
    ) -> Mapping[str, Any]:
        """InvokeEndpoint's answer in `accept` ("": the request's type), `Body` read. Raises Unanswered."""


class Stack(Protocol):
    """The stage's Pulumi stack."""

    def ready(self) -> None:
        """Raises UsageError where `up` could not even begin, or the stack is of another account or region."""

    def up(self, endpoint: str | None = None) -> None:
        """Refresh and apply the stage's data, of one endpoint or of all. Raises ApplyFailed."""

    def preview(self) -> Sequence[Change] | None:
        """What `up` would do, None where there is no such stack; nothing is changed. Raises ApplyFailed."""


class Ledger(Protocol):
    """The ledger of a stage."""

    @property
    def owner(self) -> Owner:
        """This process."""

    def exists(self) -> bool:
        """Whether the stage has a place for it yet."""

    def open(self, endpoint: str | None = None) -> OpenRollout | None:
        """The rollout that holds the stage, else the experiment that holds the endpoint (None: any)."""

    def all_open(self) -> Sequence[OpenRollout]:
        """The rollout at work, and the experiments that run, one an endpoint at most."""

    def alive(self, found: OpenRollout | Retrain) -> bool:
        """Whether the process that works on it still lives."""

    def append(self, subject: Subject, what: Payload) -> Entry:
        """Write the next entry. Raises ServiceError when the stage became another process's."""

    def heartbeat(self, of: str, retrained: str = "") -> AbstractContextManager[None]:
        """Keeps saying, for readers elsewhere, that this process is at work on a rollout, or on a retrain."""

    def latest(self, most: int | None) -> Sequence[Stored]:
        """The newest `most` entries (None: all), oldest first. Raises Damaged, as every look into it."""

    def newest_first(self) -> Iterator[Stored]:
        """The entries one by one, the newest first: what is not asked for is not read."""

    def damage(self) -> tuple[str, ...]:
        """What is wrong with it, as far as that shows without all of its entries being read."""

    def accept(self, entry: Entry) -> None:
        """From `entry` on, what it says in `over` counts as damage no more, and is passed over."""

    def pass_over_damage(self) -> None:
        """From now on, go by what can be read, and write after what cannot: for the way back."""

    def shelf(self) -> Shelf:
        """Everything that lies, or lay, where the ledger is."""


class Fences(Records[Fence], Protocol):
    """A stage's fences, standing or cleared."""

    def sign(self) -> Signature:
        """Who works here, and what time it is."""


LATE_SECONDS = 30.0
"""How late an event of a log may become visible and is still evidence: the judge waits as long for one."""


class Follower(Protocol):
    """The windows that an endpoint's containers print, as they come."""

    def more(self) -> Sequence[str]:
        """The lines since the last call, in order: each an event of CloudWatch Logs as JSON, once.

        Raises Unreadable.
        """


class Evidence(Protocol):
    """What rollouts are judged by: read from the endpoints' logs, and kept beside the ledger."""

    def follow(
        self, endpoint: str, since: datetime, seen: Collection[str], minutes: Minutes | None = None
    ) -> Follower:
        """Follow an endpoint's windows from `since` on, but for events whose ids were `seen`.

        With `minutes`: in their place what SageMaker counts by the minute, and captures.
        """

    def keep(self, rollout: str, kind: str, first: int, lines: Sequence[str]) -> None:
        """Keep lines, the first of them number `first`; the same number again replaces. Raises Unreadable."""

    def kept(self, rollout: str, kind: str) -> Iterator[str]:
        """What was kept, in the order of its numbers."""

    def order(self, rollout: str) -> Order | None:
        """The last order that a person gave for a rollout. Raises Unreadable."""

    def give(self, rollout: str, order: Order) -> None:
        """Give an order to the process that works on a rollout."""

    def put_report(self, rollout: str, name: str, data: bytes) -> str:
        """Keep a report of a rollout under this name, in the place of an earlier one; where it lies."""


class Artifacts(Protocol):
    """A stage's bucket: releases and their models."""

    bucket: str

    def exists(self) -> bool:
        """Whether the bucket is there."""

    def model_uri(self, sha256: str) -> str:
        """Where the artifact with this checksum lies, or would."""

    def model_sha256(self, uri: str) -> str | None:
        """SHA-256 of the bytes at `uri`; None when there is no such object."""

    def read_model(self, uri: str) -> bytes:
        """The bytes of the artifact at `uri`."""

    def put_model(self, sha256: str, archive: Path) -> None:
        """Store an artifact. Raises UsageError when its bytes do not have the checksum."""

    def copy_model(self, source: "Artifacts", uri: str, sha256: str) -> None:
        """Bring the artifact at `uri` of another stage here, and check what arrived."""

    def restore_model(self, uri: str, sha256: str) -> bool:
        """Bring back the version of the object at `uri` that has the checksum; whether there is one."""

    def put_release(self, manifest: Manifest, golden: bytes) -> None:
        """Store a release's manifest and golden requests."""

    def manifest(self, release: str) -> Manifest:
        """A stored manifest. Raises UsageError when it is missing or was changed."""

    def golden(self, manifest: Manifest) -> tuple[Golden, bytes]:
        """A release's golden requests and their bytes. Raises UsageError when they were changed."""


class Holdings(Protocol):
    """What a stage holds in SageMaker, its registry and its bucket, whoever made it."""

    def held(self) -> Sequence[Thing]:
        """All models and configs with the stage in their name, and its images, artifacts and releases."""

    def serving(self) -> Mapping[str, Collection[tuple[Kind, str]]]:
        """What every endpoint of the account and region uses at this moment."""

    def delete(self, thing: Thing) -> None:
        """Delete one thing; one that is gone already is no error."""


class Registry(Protocol):
    """A stage's image registry."""

    def uri(self) -> str | None:
        """The repository's address, None when the stage has none yet."""

    def has(self, digest: str) -> bool:
        """Whether an image with this digest is there, under a tag."""

    def login(self) -> dict[str, Any]:
        """Credentials for whoever pulls from it."""

    def copy_from(self, source: str, source_login: dict[str, Any], digest: str, release: str) -> None:
        """Copy an image by digest here under the release's tag, and check what arrived."""


class Signs(Protocol):
    """What CloudWatch kept of an endpoint."""

    def logs(self, group: str, since: datetime) -> Sequence[LogStream]:
        """The last lines of the containers that started since, the youngest first; none without a log."""

    def alarms(self, names: Sequence[str], since: datetime) -> Sequence[Alarm]:
        """Those of these alarms that exist, and whether each rang since."""


class Image(Protocol):
    """An image that is to be released: built on this machine, or found in a registry."""

    @property
    def record(self) -> ImageRecord:
        """Its digest, size, and where it can run."""

    def push(self, registry: Registry, release: str) -> None:
        """Bring it into a stage's registry under the release's tag."""


class Images(Protocol):
    """Where images come from."""

    def build(self, settings: ImageSettings, tell: Tell) -> Image:
        """Build the inference image of this checkout."""

    def find(self, reference: str, registry: Registry) -> Image:
        """Somebody else's image by digest; `registry` is of the stage that it enters. Raises UsageError."""


@dataclass(frozen=True)
class StagePorts:
    """One stage, with everything that operations need of it."""

    settings: StageSettings
    former: bool
    """Whether an earlier version wrote the stage's file."""
    loopback: bool
    """Whether its AWS is on this machine."""
    last: bool
    """Whether no stage comes after it."""
    entering: str
    """The command by which a release enters the stage."""
    file: StageFile
    repository: Repository
    endpoints: Endpoints
    stack: Stack
    ledger: Ledger
    evidence: Evidence
    fences: Fences
    approvals: Records[Approvals]
    makers: Records[Makers]
    waivers: Records[Waivers]
    caller: Callable[[], Caller]
    artifacts: Artifacts
    data: DataStore
    holdings: Holdings
    registry: Registry
    models: ModelRegistry
    packages: ModelPackages
    signs: Signs
    batches: BatchJobs
    quota_of: quotas.Ask
    clock: Clock
    role_exists: Callable[[str], bool]

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.settings.stage


class World(Protocol):
    """A project and its stages."""

    @property
    def stages(self) -> Stages:
        """The stages in their order."""

    @property
    def images(self) -> Images:
        """Where images are built."""

    @property
    def build(self) -> Path:
        """The project's folder for what is built."""

    def settings(self, name: str) -> StageSettings:
        """A stage's settings alone, without asking AWS anything."""

    def stage(self, name: str) -> StagePorts:
        """One stage, its credentials checked. Raises UsageError when it is unknown or they are another's."""

    def settings_at(self, revision: str, name: str) -> StageSettings | None:
        """A stage's settings as a revision of Git has them, None where it has none. Raises UsageError."""

    def explaining(self) -> AbstractContextManager[None]:
        """Inside, what fails behind a port is a SlipwayError: for those who go on with the next stage."""

    def fences(self, name: str) -> Fences:
        """One stage's fences alone. Raises SlipwayError when it cannot be reached, whatever the reason is."""
