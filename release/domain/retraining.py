"""Whether a retrain may begin, and whether it goes on with what a dead one left. Pure.

A stage says how long after a retrain the next may begin and how many there may be in 30 days; both count
those whose model was trained. One retrain of an endpoint is under way at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from release.domain.errors import ReleaseFailed, ServiceError
from release.domain.ledger import Entry, Owner, Stored
from release.domain.occasions import About, Occasion
from release.domain.pins import ReleasePin
from release.domain.retrained import Asked, Ended, TakenOver, Trained, TrainingWindow, What
from release.domain.stage import RetrainSettings

BUDGET_DAYS = 30
UNTOUCHED = "Nothing was trained."


@dataclass(frozen=True)
class Retrain:
    """One retrain of an endpoint, folded of its ledger entries."""

    id: str
    endpoint: str
    champion: str
    """The release that was live."""
    at: datetime
    owner: Owner
    asked: Asked
    trained: Trained | None = None
    ended: Ended | None = None

    @property
    def counts(self) -> bool:
        """Whether cooldown and budget count it."""
        return self.trained is not None and (self.ended is None or self.ended.outcome != "failed")


def since(newest_first: Iterable[Stored], moment: datetime) -> list[Stored]:
    """A ledger's entries since a moment, oldest first: no more of them are read than that takes."""
    newer = takewhile(lambda stored: datetime.fromisoformat(stored.entry.at) >= moment, newest_first)
    return list(newer)[::-1]


def fold(entries: Iterable[Stored], endpoint: str) -> list[Retrain]:
    """The endpoint's retrains in these entries, oldest first, without one whose beginning is not there."""
    found: dict[str, Retrain] = {}
    for entry in (stored.entry for stored in entries):
        subject = entry.subject
        if isinstance(entry.what, What) and subject.endpoint == endpoint:
            known = _folded(found.get(subject.rollout), entry)
            if known is not None:
                found[subject.rollout] = known
    return list(found.values())


def _folded(known: Retrain | None, entry: Entry) -> Retrain | None:
    subject, what = entry.subject, entry.what
    if isinstance(what, Asked):
        at = datetime.fromisoformat(entry.at)
        return Retrain(subject.rollout, subject.endpoint, subject.release, at, entry.owner, what)
    if known is None:
        return None
    match what:
        case Trained():
            return replace(known, trained=what)
        case TakenOver():
            return replace(known, owner=entry.owner)
        case Ended():
            return replace(known, ended=what)
    return known


def looks_back(settings: RetrainSettings) -> timedelta:
    """How far back a ledger has to be read for what `why_not` decides."""
    return timedelta(days=max(BUDGET_DAYS, settings.cooldown_days))


def unended(past: Sequence[Retrain]) -> Retrain | None:
    """The retrain that is under way, or that a dead process left."""
    return next((one for one in reversed(past) if one.ended is None), None)


def refuse_alive(found: Retrain, stage: str) -> ServiceError:
    """The error for whoever meets a retrain that is under way."""
    return ServiceError(
        f"A retrain of {found.endpoint} in {stage} is under way, by {found.owner}, since {_when(found.at)}.",
        f"One at a time. {UNTOUCHED}",
        "Wait until it is done, or stop it there (Ctrl-C), then run this again.",
    )


def overtaken(about: About, live: str) -> ReleaseFailed | None:
    """Why what was noticed of a release asks for nothing any more; None where that release is live."""
    if about.release in (None, live):
        return None
    return ReleaseFailed(
        f"What asks for it was noticed of {about.release}, and {live} is live.",
        UNTOUCHED,
        "Nothing is to be done: what is noticed of the live release asks by itself.",
    )


def why_not(
    past: Sequence[Retrain], settings: RetrainSettings, occasion: Occasion, now: datetime
) -> ReleaseFailed | None:
    """Why no retrain may begin now, None where one may. One that a dead process left is no past yet."""
    done = [one for one in past if one.ended is not None]
    answered = [one for one in done if occasion.event and one.asked.occasion.event == occasion.event]
    if answered:
        return ReleaseFailed(
            f"The event {occasion.event} was answered already, by the retrain {answered[-1].id} of "
            f"{_when(answered[-1].at)}.",
            UNTOUCHED,
            "It is answered once, however often it comes: there is nothing to do.",
        )
    counted = sorted(one.at for one in done if one.counts)
    days = settings.cooldown_days
    if counted and now < (free := counted[-1] + timedelta(days=days)):
        return ReleaseFailed(
            f"The last retrain was on {_when(counted[-1])}, and the stage wants {days} days between two.",
            UNTOUCHED,
            f"Wait until {_when(free)}, or change slipway:retrain.cooldown_days.",
        )
    recent = [at for at in counted if at > now - timedelta(days=BUDGET_DAYS)]
    if len(recent) >= settings.budget_per_month:
        return _over_budget(recent, settings.budget_per_month)
    return None


def _over_budget(recent: Sequence[datetime], budget: int) -> ReleaseFailed:
    free = (
        f"Wait until {_when(recent[-budget] + timedelta(days=BUDGET_DAYS))}, or change"
        if budget
        else "Change"
    )
    return ReleaseFailed(
        f"{len(recent)} retrains began in the last {BUDGET_DAYS} days, and the stage allows {budget}.",
        UNTOUCHED,
        f"{free} slipway:retrain.budget_per_month.",
    )


def nothing_new(
    window: TrainingWindow, about: Mapping[str, Any], live: Mapping[str, Any]
) -> ReleaseFailed | None:
    """Why nothing would be learned, None where something would.

    `about` is what the window's `model.json` would say of what it learned from, `live` the champion's.
    """
    said = {**about, "model": window.model, "data_version": window.data_version}
    if any(live.get(name) != value for name, value in said.items()):
        return None
    return ReleaseFailed(
        f"There is nothing to learn: the live model {window.model} has learned from {window.learns} of "
        f"{window.data_version} already.",
        UNTOUCHED,
        "Wait for new data, or give another window. A change of the code is released as ever: "
        "./slipway train, then ./slipway release",
    )


def landed(dead: Retrain, live: ReleasePin | None) -> bool:
    """Whether what a dead process left is what is live, or becomes it: there is nothing to train."""
    return dead.trained is not None and live is not None and live.sha256 == dead.trained.sha256


def same(dead: Retrain, live: ReleasePin, window: TrainingWindow) -> bool:
    """Whether what a dead process left is the retrain that is asked for: of the same champion and window."""
    return (dead.asked.champion, dead.asked.window) == (live.sha256, window)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
