"""The ledger: the append-only history of a stage, and its lock. Pure; storage is `adapters/ledger_store.py`.

Every transition of a rollout is an entry, written before the transition is made. An entry holds the SHA-256
of the one before it, so a changed or missing entry shows. A rollout that was opened and not closed is the
stage's lock; its owner keeps a heartbeat beside the ledger.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from release.domain import experiment, forgotten, former, names, noticed, retrained
from release.domain.approvals import Approval
from release.domain.english import begun_with_article
from release.domain.errors import Held, ServiceError
from release.domain.experiment import Concluded, Experiment
from release.domain.judged import Judged as Judged
from release.domain.owner import Heartbeat as Heartbeat
from release.domain.owner import Owner as Owner
from release.domain.pins import Alarms, Data, Pins, RolloutSettings
from release.domain.policy import Policy
from release.domain.said import Said
from release.domain.waivers import Waiver

Kind = Literal[
    "release",
    "promote",
    "apply",
    "rollback",
    "experiment",
    "unlock",
    "approve",
    "waive",
    "retrain",
    "monitor",
    "forget",
]
STALE_SECONDS = 60.0
"""A heartbeat older than this is a dead one's."""
BEAT_SECONDS = STALE_SECONDS / 4
"""How often a heartbeat is written."""

FORMAT = 3
"""Of the entries that are written now; earlier ones are read too, later ones are not."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Phase(StrEnum):
    """Where a rollout stands. Each is recorded before its work begins, and its work can be done twice."""

    OPENED = "opened"
    """The pins before and after are on record; nothing was changed."""
    CREATING = "creating"
    """The candidate is pinned, and pulumi makes its models and configs; what serves is not touched."""
    MOVING = "moving"
    """SageMaker is asked to move traffic, as the strategy's step says."""
    VERIFYING = "verifying"
    """SageMaker is asked what it really serves, and the golden requests are sent."""
    JUDGING = "judging"
    """The step's traffic is watched: by the judge beside live, by the stage's limits where it is alone."""
    EXPERIMENTING = "experimenting"
    """Both serve at an experiment's weights until a person ends it; no process has to be at work."""
    RECONCILING = "reconciling"
    """The release serves; the pins change role, and pulumi deletes what no pin names."""
    REVERTING = "reverting"
    """The traffic goes back to what served before."""
    RESTORING = "restoring"
    """What served before serves; the pins are as before, and pulumi deletes what the candidate brought."""


WAY_BACK = frozenset({Phase.REVERTING, Phase.RESTORING})
"""The phases of a rollout that is being taken back."""


class End(StrEnum):
    """How a rollout ended."""

    LANDED = "landed"
    """The release serves, verified, and pins and stack say so."""
    REVERTED = "reverted"
    """What served before serves again, verified, and pins and stack say so."""
    UNLOCKED = "unlocked"
    """A person ended it where it stood, and said why; nothing moved, and the stage goes on from its file."""
    HELD = "held"
    """Not even the way back could be verified: a person has to look. It stays open in the ledger."""


class Skip(Data):
    """Stages that a promotion left out on purpose, and why."""

    stages: tuple[str, ...]
    reason: str


class Opened(Data):
    """A rollout begins: the pins before and after it, and how traffic is to move."""

    event: Literal["opened"] = "opened"
    before: Pins
    after: Pins
    rollout: RolloutSettings = RolloutSettings(strategy="all-at-once")
    """An earlier version did not say; it knew no other strategy that it had to go on with."""
    limits: Alarms = Alarms()
    """What a release that serves alone has to keep."""
    judge: Policy | None = None
    """The judge's policy, where the strategy asks it."""
    skip: Skip | None = None
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    callers_know: tuple[str, ...] = ()
    """What of the promise of what was live it breaks, and its callers know of."""
    without_windows: tuple[str, ...] = ()
    """Those of the releases before and after whose containers print no windows: SageMaker's own metrics are
    what they are judged by."""
    reason: str = ""
    """Why, as the person said who began it."""
    proposed: bool = False
    """Whether it was proposed in the stage's file, and merged."""
    experiment: Experiment | None = None
    """What is compared, where both are to stay side by side for a while."""
    resting: tuple[int, ...] = ()
    """The entries that opened the experiments which run meanwhile, on other endpoints."""
    working: tuple[int, ...] = ()
    """The entries that opened the other rollouts which are at work meanwhile."""
    mends: bool = False
    """Whether the pins stay as they are, and what serves is brought back to them."""


class Entered(Data):
    """The rollout comes to a phase: to `step` of its strategy, or on its way back because of `reason`."""

    event: Literal[
        Phase.CREATING,
        Phase.MOVING,
        Phase.VERIFYING,
        Phase.JUDGING,
        Phase.EXPERIMENTING,
        Phase.RECONCILING,
        Phase.REVERTING,
        Phase.RESTORING,
    ]
    step: int = 0
    reason: str = ""


class Resumed(Data):
    """Another process goes on where a dead one stopped."""

    event: Literal["resumed"] = "resumed"


class Closed(Data):
    """The rollout ends; `reason` says why it was taken back, or ended by a person."""

    event: Literal[End.LANDED, End.REVERTED, End.UNLOCKED]
    reason: str = ""
    over: tuple[str, ...] = ()
    """Unlocked: the damage of the ledger over which the stage goes on."""
    resting: tuple[int, ...] = ()
    """The entries that opened the experiments which go on running."""
    working: tuple[int, ...] | None = None
    """The entries that opened the rollouts which are at work still. None: an earlier version did not say."""
    pins: Mapping[str, Pins] = {}
    """Unlocked: what each endpoint's file named, from which the stage goes on."""


class Refused(Data):
    """A gate said no; nothing was opened."""

    event: Literal["refused"] = "refused"
    reasons: tuple[str, ...]


Remark = Refused | Said | retrained.What | noticed.What | forgotten.What
"""What opens and closes nothing."""
Step = Opened | Entered | Judged | Concluded | Resumed | Closed
"""What a rollout goes through."""
Payload = Annotated[Step | Remark, Field(discriminator="event")]


class Subject(Data):
    """What an entry is about: which rollout of which release to which endpoint."""

    kind: Kind
    endpoint: str
    release: str
    rollout: str
    """The rollout's id; empty for a refusal, which opens none."""


class Entry(Data):
    """One line of the ledger. `at` is UTC in ISO 8601; `previous` is the SHA-256 of the line before."""

    format: Literal[3] = 3
    number: int
    previous: str
    at: str
    subject: Subject
    owner: Owner
    what: Payload

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, values: Any) -> Any:
        return former.ledger_entry(values) if isinstance(values, dict) else values

    def to_bytes(self) -> bytes:
        """Canonical JSON, the bytes that the next entry's `previous` is the hash of."""
        return names.canonical_json(self.model_dump(mode="json"))


@dataclass(frozen=True)
class Link:
    """What the next entry follows: the number of an object of the ledger, and the hash of its bytes."""

    number: int
    sha256: str


@dataclass(frozen=True)
class Stored:
    """An entry as it lies in the bucket. `sha256` is of its bytes there: an older format has others."""

    entry: Entry
    sha256: str

    @property
    def number(self) -> int:
        """The entry's number."""
        return self.entry.number

    @staticmethod
    def from_bytes(data: bytes) -> "Stored":
        """The entry in `data`. Raises pydantic's ValidationError (a ValueError) when it is none."""
        return Stored(Entry.model_validate_json(data), hashlib.sha256(data).hexdigest())


def may_follow(what: Payload, between: Payload) -> bool:
    """Whether an entry still holds after another process's entry came between it and what was decided on.

    Anything but a remark means that the stage is another's, and of two who claim a retrain the first has it.
    """
    if isinstance(what, retrained.Claim) and isinstance(between, retrained.Claim):
        return False
    return isinstance(what, Remark) or isinstance(between, Remark)


def following(last: Stored | Link | None, at: str, subject: Subject, owner: Owner, what: Payload) -> Entry:
    """The entry that comes after `last` (None: the first one)."""
    return Entry(
        number=last.number + 1 if last else 1,
        previous=last.sha256 if last else "",
        at=at,
        subject=subject,
        owner=owner,
        what=what,
    )


@dataclass(frozen=True)
class OpenRollout:
    """A rollout that was opened and not closed yet, with everything that it needs to go on."""

    subject: Subject
    opened: Opened
    owner: Owner
    phase: Phase
    step: int = 0
    reason: str = ""
    """Why it is being taken back, when it is."""
    entered: datetime = LONG_AGO
    """When it came to its phase."""
    concluded: Concluded | None = None
    """How a person ended its experiment, where it is one that was ended."""
    number: int = 0
    """Of the entry that opened it."""

    @property
    def id(self) -> str:
        """The rollout's id."""
        return self.subject.rollout

    @property
    def rests(self) -> bool:
        """Whether it is an experiment that runs, and waits for nothing but a person who ends it."""
        return self.phase is Phase.EXPERIMENTING and self.concluded is None

    @property
    def compares(self) -> str:
        """What an experiment that runs compares, in words."""
        assert self.opened.experiment is not None
        live = self.opened.before.live
        served = live.release if live else None
        return experiment.about(self.opened.experiment, self.subject.release, served, self.entered)

    def on(self, instance_type: str) -> "OpenRollout":
        """The same rollout; pins from before they had an instance type are on this one."""
        before, after = self.opened.before.on(instance_type), self.opened.after.on(instance_type)
        opened = self.opened.model_copy(update={"before": before, "after": after})
        return replace(self, opened=opened)


def open_rollouts(entries: Sequence[Stored]) -> list[OpenRollout]:
    """What these last entries, oldest first, leave open: rollouts at work, and experiments that run.

    One rollout is at work at a time; where there are more, none of them is lost.
    """
    found: dict[str, OpenRollout] = {}
    for entry in (stored.entry for stored in entries):
        what, rollout = entry.what, entry.subject.rollout
        if isinstance(what, Remark):
            continue
        if isinstance(what, Opened | Closed):
            found.pop(rollout, None)
        if isinstance(what, Opened | Closed) and what.working is not None:
            named = {*what.resting, *what.working}
            found = {name: one for name, one in found.items() if one.number in named}
        if isinstance(what, Opened):
            began = datetime.fromisoformat(entry.at)
            new = OpenRollout(entry.subject, what, entry.owner, Phase.OPENED, entered=began)
            found[rollout] = replace(new, number=entry.number)
        elif not isinstance(what, Closed) and rollout in found:
            found[rollout] = _advanced(found[rollout], entry, what)
    return list(found.values())


def holding(found: Sequence[OpenRollout], endpoint: str | None = None) -> OpenRollout | None:
    """The rollout that holds the stage; else the experiment that holds this endpoint (None: any)."""
    at_work = [one for one in found if not one.rests]
    here = [one for one in found if endpoint in (None, one.subject.endpoint)]
    return next(iter([*at_work, *here]), None)


def _advanced(found: OpenRollout, entry: Entry, what: Entered | Judged | Concluded | Resumed) -> OpenRollout:
    if isinstance(what, Concluded):
        return replace(found, owner=entry.owner, concluded=what)
    if isinstance(what, Judged | Resumed):
        return replace(found, owner=entry.owner)
    return replace(
        found,
        owner=entry.owner,
        phase=Phase(what.event),
        step=what.step,
        reason=what.reason or found.reason,
        entered=datetime.fromisoformat(entry.at),
    )


@dataclass(frozen=True)
class Request:
    """What a command wants to do with the stage."""

    kind: Kind
    endpoint: str
    release: str


Decision = Literal["start", "resume", "take-back"]


def decide(found: OpenRollout | None, alive: bool, request: Request, stage: str) -> Decision:
    """How a command meets what the ledger of `stage` says.

    Nothing open: start. A dead one's same rollout: resume it. A rollback that meets a dead rollout, or an
    experiment, of its endpoint takes that back. Raises ServiceError while the owner is alive (one rollout at
    a time), and Held when another dead rollout is open (going on would decide for its owner), or an
    experiment.
    """
    if found is None:
        return "start"
    subject = found.subject
    what = begun_with_article(f"{subject.kind} of {subject.release} ({subject.endpoint})")
    same = Request(subject.kind, subject.endpoint, subject.release) == request
    goes_back = request.kind == "rollback" and request.endpoint == subject.endpoint
    if found.rests and not same and not goes_back:
        raise experiment.holds(stage, subject.endpoint, found.compares)
    if alive:
        raise ServiceError(
            f"{what} is under way here, by {found.owner}.",
            "One rollout at a time: nothing was changed.",
            "Wait until it is done, or stop it there (Ctrl-C), then run this again.",
        )
    if same:
        return "resume"
    if goes_back:
        return "take-back"
    raise Held(
        f"{what} by {found.owner} stopped half-way, at {found.phase.value!r}.",
        "It holds the stage, so nothing was changed.",
        "Run that same command again to finish it, or take it back: "
        f"./slipway rollback {stage} --endpoint {subject.endpoint}",
    )
