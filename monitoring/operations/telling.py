"""Telling: what lies in the findings' records to be told is told, to the ledger, the bus and the file.

At least once each: somebody is marked as told after they heard it. What could not be told stays where it is,
and the next run tells it; a bus that fails ends no look.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from monitoring.alerts import events
from monitoring.alerts.keeping import LEDGER
from monitoring.alerts.kept import Kept, Notice
from monitoring.operations import answers
from monitoring.ports import Findings, Hearer
from release.domain import names, plan
from release.domain.errors import SlipwayError
from release.domain.events import Event, Tell
from release.domain.ledger import Subject
from release.domain.noticed import NoLonger, Noticed
from release.ports import StagePorts, World


@dataclass(frozen=True)
class Room:
    """What telling needs of one stage."""

    world: World
    ports: StagePorts
    findings: Findings
    hearers: Mapping[str, Callable[[str], Hearer | None]]
    """By name; each says who hears of an endpoint's findings, None where its file wants none."""


@dataclass
class Told:
    """What a run of telling came to."""

    notices: int = 0
    """How many were heard by everybody."""
    news: int = 0
    """How many of these say that something was opened or got worse."""
    waiting: int = 0
    """How many are left: somebody could not be told, or is told later."""
    closed: Sequence[Kept] = ()
    """Findings about releases that are no longer live."""
    failed: dict[str, str] = field(default_factory=dict)
    """Who could not be told, and why."""
    dismissed: set[str] = field(default_factory=set)
    """The ids of findings that a person closed, and that are closed still."""


def tell_all(room: Room, tell: Tell) -> Told:
    """Note what retrains came to, close what is about releases that are gone, then tell all there is to tell.

    Raises SlipwayError where findings or ledger cannot be read or written.
    """
    answers.note_answers(room.ports, room.findings)
    told = Told(closed=room.findings.closed_by_release(_live(room)))
    for kept in room.findings.all():
        if kept.is_dismissed:
            told.dismissed.add(kept.id)
        for notice in kept.notices:
            heard = _Notice(room, kept, notice, told.failed, tell).tell_them()
            told.notices += heard
            told.news += heard and notice.is_news
            told.waiting += not heard
    return told


def _live(room: Room) -> dict[str, str]:
    """The live release of each endpoint, where SageMaker serves what the pin says: a file that is not of
    today says nothing of what is live."""
    found = {}
    for endpoint, settings in room.ports.settings.endpoints.items():
        live = settings.pins.live
        if live is None:
            continue
        serves = room.ports.endpoints.describe(names.endpoint(endpoint, room.ports.name)) or {}
        if serves.get("EndpointConfigName") == plan.config_plan(room.ports.name, endpoint, live).name:
            found[endpoint] = live.release
    return found


@dataclass
class _Notice:
    """One notice of one finding, on its way to all who have to hear it."""

    room: Room
    kept: Kept
    notice: Notice
    failed: dict[str, str]
    """Who could not be told in this run, and why: they are asked no more."""
    tell: Tell

    def tell_them(self) -> bool:
        """Whether everybody has heard it now."""
        hearers = self._hearers()
        whole = (LEDGER, *hearers)
        heard = set(self.notice.told)
        for whom in whole:
            if whom in heard:
                continue
            if whom == LEDGER:
                _enter(self.room.ports, self.kept, self.notice)
            elif not (self._may_hear(whom) and self._heard(whom, hearers[whom])):
                continue
            self.room.findings.heard(self.kept.id, self.notice.number, whom, whole)
            heard.add(whom)
        if not heard >= set(whole):
            return False
        if set(self.notice.told) >= set(whole):  # the stage's file wants no more of those that are left
            self.room.findings.heard(self.kept.id, self.notice.number, LEDGER, whole)
        return True

    def _hearers(self) -> dict[str, Hearer]:
        """Those besides the ledger who have to hear it."""
        if self.notice.ledger_only:
            return {}
        wanted = {name: of(self.kept.finding.endpoint) for name, of in self.room.hearers.items()}
        return {name: hearer for name, hearer in wanted.items() if hearer is not None}

    def _may_hear(self, whom: str) -> bool:
        return whom not in self.failed and self.notice.after <= self.room.ports.clock.now()

    def _heard(self, whom: str, hearer: Hearer) -> bool:
        """Whether a hearer was told."""
        try:
            with self.room.world.explaining():
                hearer.hear(events.event(self.room.ports.settings, self.kept, self.notice))
        except SlipwayError as error:
            self.failed[whom] = error.cause
            words = f"{whom} could not be told of {self.kept.id}: {error.cause}"
            self.tell(Event(f"{words} The next run tells it.", detail=True))
            return False
        return True


def _enter(ports: StagePorts, kept: Kept, notice: Notice) -> None:
    """An entry of the stage's ledger."""
    finding, closed = kept.finding, kept.closing(notice.occurrence)
    about = f"{finding.kind} of {finding.subject}"
    subject = Subject(kind="monitor", endpoint=finding.endpoint, release=finding.release or "", rollout="")
    if notice.what == "closed" and closed is not None:
        what: Noticed | NoLonger = NoLonger(
            finding=kept.id,
            notice=notice.number,
            about=about,
            by=closed.by,
            who=closed.who,
            reason=closed.reason,
        )
    else:
        what = Noticed(
            event="finding-escalated" if notice.what == "escalated" else "finding-opened",
            finding=kept.id,
            notice=notice.number,
            about=about,
            severity=finding.severity,
            summary=finding.summary,
        )
    ports.ledger.append(subject, what)
