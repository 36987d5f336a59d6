"""Approvals: persons' yes to one release for one stage, and which of them count. Pure.

A yes counts while it is young enough and not taken back, for the evidence that it was given on. That of
whoever made the release does not count, and nobody counts twice. Who somebody is, AWS says; a name that the
caller of AWS chooses is no person: of a role's session nobody knows whose it is, unless an identity provider
names it. The records lie in the stages' buckets (`release/adapters/records.py`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from release.domain import names
from release.domain.fence import Signature
from release.domain.manifest import GateResult, Manifest
from release.domain.pins import Data, ReleaseId
from release.domain.said import shown
from release.domain.waivers import Waiver

GATE = "approval"
IDENTITY_CENTER = "AWSReservedSSO_"
"""How the roles of IAM Identity Center begin, which names their sessions after its users."""
BECOME_SOMEBODY = (
    "say yes with the credentials of a user or through Identity Center, or name the role in `named_sessions` "
    "where an identity provider sets its sessions' names"
)
"""What to do about a yes of which nobody knows whose it is."""


class Revocation(Signature):
    """A yes is taken back."""

    reason: str


class Approval(Data):
    """A person's yes. `by` is the caller's ARN; in entries of an earlier version any name, with a reason."""

    by: str
    reason: str
    at: str = ""
    evidence: str = ""
    """What it is a yes to (`evidence` below)."""
    actor: str = ""
    """Whom CI named: a remark."""
    revoked: Revocation | None = None

    def __str__(self) -> str:
        return f"{shown(self.by, self.actor)}: {self.reason}"


class Approvals(Data):
    """What one stage keeps of one release: everybody's yes, the oldest first."""

    format: Literal[1] = 1
    release: ReleaseId
    stage: str
    given: tuple[Approval, ...] = ()


class Makers(Data):
    """Who made a release, as far as a stage knows: the ARNs of those who released it.

    It is kept apart, so that whoever releases need not be allowed to write anybody's yes.
    """

    format: Literal[1] = 1
    release: ReleaseId
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What a stage asks for: how many people, how young a yes is, and roles whose sessions are people."""

    people: int
    days: int
    named_sessions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tally:
    """The yeses that count, why others do not, and how many are needed."""

    counted: tuple[Approval, ...]
    passed_over: tuple[str, ...]
    needed: int
    makers_known: bool

    @property
    def missing(self) -> int:
        """How many more people have to say yes."""
        return max(0, self.needed - len(self.counted))

    def words(self) -> str:
        """In one line, for people."""
        said = "; ".join(map(str, self.counted)) or "nobody said yes"
        unknown = "" if self.makers_known else ", one more as it is not known who released it"
        over = f"; not counted: {'; '.join(self.passed_over)}" if self.passed_over else ""
        if not self.needed:
            return f"no approvals asked for: {said}{over}"
        return f"{len(self.counted)} of {self.needed} approvals{unknown}: {said}{over}"


def made(known: Makers | None, release: str, makers: Sequence[str]) -> Makers:
    """What a stage keeps after it was told who made a release."""
    by = (*(known.by if known else ()), *makers)
    return Makers(release=release, by=tuple(dict.fromkeys(by)))


def give(known: Approvals | None, release: str, stage: str, approval: Approval) -> Approvals:
    """What a stage keeps after a yes. One of the same caller that still stands is renewed by it."""
    given = [one for one in (known.given if known else ()) if one.by != approval.by or one.revoked]
    return Approvals(release=release, stage=stage, given=(*given, approval))


def revoke(known: Approvals | None, revocation: Revocation) -> Approvals | None:
    """What a stage keeps after every yes that stands was taken back; who took one back first stays."""
    if known is None:
        return None
    given = (one if one.revoked else one.model_copy(update={"revoked": revocation}) for one in known.given)
    return known.model_copy(update={"given": tuple(given)})


def standing(known: Approvals | None) -> tuple[Approval, ...]:
    """Each yes that was not taken back."""
    return tuple(one for one in known.given if not one.revoked) if known else ()


def evidence(
    content: Manifest, stage: str, waived: Sequence[Waiver], callers_know: Sequence[str] | None = None
) -> str:
    """What a yes is given on: the manifest with its gates' results, the stage, what is waived there.

    And what it breaks of live's promise, where the stage's data says that its callers know; None where it
    does not say so.
    """
    about: dict[str, Any] = {
        "manifest": hashlib.sha256(content.to_bytes()).hexdigest(),
        "stage": stage,
        "waived": sorted((one.gate, one.by, one.at) for one in waived),
    }
    if callers_know is not None:
        about["callers_know"] = list(callers_know)
    return hashlib.sha256(names.canonical_json(about)).hexdigest()


def person(arn: str, named_sessions: Sequence[str] = ()) -> str:
    """Who an ARN stands for, as makers and people are told apart; the same in every account.

    The session of a role has the name that whoever assumes the role gives it, so a role is one, whatever its
    sessions are called: unless Identity Center, or a provider that the stage's data vouches for, names them.
    """
    kind, _, rest = arn.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        return session.lower() if _named(role, named_sessions) else f"role {role}"
    if kind == "user":
        return rest.rpartition("/")[2].lower()
    return kind


def no_person(arn: str, named_sessions: Sequence[str] = ()) -> str:
    """Why the yes of an ARN is no person's; empty where it is one's.

    Whoever may assume a role, or get a federated user's token, would say yes once more as that.
    """
    kind, _, rest = arn.split(":", 5)[-1].partition("/")
    if kind == "federated-user":
        return "is a federated user, whose name its caller chose, and that is no person"
    if kind == "assumed-role" and not _named(rest.partition("/")[0], named_sessions):
        return "is a session of a role, and a role is no person"
    return ""


def _named(role: str, named_sessions: Sequence[str]) -> bool:
    return role.startswith(IDENTITY_CENTER) or role in named_sessions


def tally(
    known: Approvals | None, makers: Sequence[str], asked: Asked, about: str | None, now: datetime
) -> Tally:
    """Which yeses count for a release of these makers, whose evidence is `about` (None: whatever it is).

    Where nobody knows who made it, one of those who say yes may be that one: then it needs one more.
    """
    made_by = {person(arn, asked.named_sessions) for arn in makers}
    counted: dict[str, Approval] = {}
    over = []
    for one in reversed(known.given if known else ()):
        who = person(one.by, asked.named_sessions)
        why = _why_not(one, asked, about, now)
        if not why and who in made_by:
            why = "released it"
        if not why and (nobody := no_person(one.by, asked.named_sessions)):
            why = f"{nobody}: {BECOME_SOMEBODY}"
        if not why and who in counted:
            why = "is counted already"
        if why:
            over.append(f"{shown(one.by, one.actor)} {why}")
        else:
            counted[who] = one
    needed = asked.people + (1 if asked.people and not made_by else 0)
    return Tally(tuple(counted.values())[::-1], tuple(over[::-1]), needed, bool(made_by))


def _why_not(one: Approval, asked: Asked, about: str | None, now: datetime) -> str:
    if one.revoked:
        return f"was taken back by {shown(one.revoked.by)}: {one.revoked.reason}"
    if not one.at or now - datetime.fromisoformat(one.at) > timedelta(days=asked.days):
        return f"said yes more than {asked.days} days ago"
    if about is not None and one.evidence != about:
        return "said yes to other evidence: what is waived, or what callers know it breaks, has changed"
    return ""


def gate(found: Tally) -> GateResult:
    """The gate of a release that needs these."""
    return GateResult(
        name=GATE,
        passed=not found.missing,
        value=len(found.counted),
        bound=found.needed,
        reason=found.words(),
    )


def command(release: str, stage: str) -> str:
    """The command by which a person says yes."""
    return f"./slipway approve {release} --stage {stage} --reason 'why'"
