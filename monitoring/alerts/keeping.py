"""What becomes of a finding when it is noticed, no longer noticed, or closed. Pure.

Every function returns what has to be kept instead of what is kept; what changes nothing returns the same.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from monitoring.alerts.kept import Answer, Closing, Kept, Look, Notice, Past, What
from monitoring.finding import Finding, Severity
from release.domain.alerting import AlertSettings

PASTS = 20
"""Earlier times that are kept of a finding; the ledger has them all."""
ANSWERS = 20
LEDGER = "ledger"
"""What hears every notice at once."""
_RANK: dict[Severity, int] = {"warning": 0, "critical": 1}


def noticed(
    known: Kept | None, finding: Finding, until: datetime, settings: AlertSettings, now: datetime
) -> Kept:
    """The finding was noticed in data that goes up to `until`.

    Data that is not newer than what the record rests on changes nothing: somebody looked twice, or looked
    before another one closed the finding.
    """
    if known is None:
        first = Kept(finding=finding, until=until, opened=now, worst=finding.severity)
        return _telling(first, "opened", now, now)
    if until <= known.until:
        return known
    known = known.model_copy(update={"until": until})
    grown = _RANK[finding.severity] > _RANK[known.worst]
    if known.closed is None:
        return _seen_again(known, finding, grown, now)
    if known.closed.by == "person" and not grown and now < _quiet_until(known.closed, settings):
        return known.model_copy(update={"finding": finding, "dismissed": known.dismissed + 1})
    return _back(known, known.closed, finding, now if grown else _after(known, settings, now), now)


def not_noticed(known: Kept, look: Look, settings: AlertSettings, now: datetime) -> Kept:
    """A look that would have shown the finding did not."""
    if known.closed is not None or look.until <= known.until:
        return known
    clear = known.clear_since or max(look.since, known.until)
    if look.until - clear < timedelta(hours=settings.over_hours):
        return known.model_copy(update={"clear_since": clear})
    reason = f"not noticed in the data of {_shown(clear)} to {_shown(look.until)}"
    return closed(known, Closing(by="monitoring", at=now, reason=reason))


def gone(known: Kept, live: str | None, now: datetime) -> Kept:
    """The endpoint's live release is `live`: a finding about another one is closed by it."""
    release = known.finding.release
    if known.closed is not None or release is None or release == live or live is None:
        return known
    reason = f"{release} is no longer live: {live} is"
    return closed(known, Closing(by="release", at=now, reason=reason, who=live))


def closed(known: Kept, closing: Closing) -> Kept:
    """It is closed; who closed it first stays on record."""
    if known.closed is not None:
        return known
    unheard = [one for one in known.notices if one.what != "closed" and _unheard(one, closing.at)]
    quiet = any(one.what == "opened" for one in unheard)
    notices = tuple(
        one.model_copy(update={"ledger_only": True}) if quiet and one in unheard else one
        for one in known.notices
    )
    ended = known.model_copy(update={"closed": closing, "clear_since": None, "notices": notices})
    return _telling(ended, "closed", closing.at, closing.at, ledger_only=quiet)


def answered(known: Kept, answer: Answer) -> Kept:
    """A retrain that it asked for has its end; the finding stays as it is."""
    if any(one.retrain == answer.retrain for one in known.answers):
        return known
    return known.model_copy(update={"answers": (*known.answers[-ANSWERS:], answer)})


def told(known: Kept, number: int, whom: str, whole: Collection[str], at: datetime) -> Kept:
    """`whom` has heard a notice; when the `whole` list has, it is kept no longer."""
    found = next((one for one in known.notices if one.number == number), None)
    if found is None:
        return known
    heard = tuple(dict.fromkeys((*found.told, whom)))
    left = [one for one in known.notices if one is not found]
    if not set(whole) <= set(heard):
        left = [found.model_copy(update={"told": heard}) if one is found else one for one in known.notices]
    news = whom != LEDGER and found.what != "closed"
    announced = max(at, known.announced or at) if news else known.announced
    return known.model_copy(update={"notices": tuple(left), "announced": announced})


def _seen_again(known: Kept, finding: Finding, grown: bool, now: datetime) -> Kept:
    since = min(known.finding.since, finding.since)
    again = known.model_copy(
        update={
            "finding": finding.model_copy(update={"since": since}),
            "seen": known.seen + 1,
            "clear_since": None,
            "worst": finding.severity if grown else known.worst,
        }
    )
    return _louder(again, now) if grown else again


def _louder(known: Kept, now: datetime) -> Kept:
    """Its severity grew: one more notice, or the one that was waiting, at once."""
    waiting = [one for one in known.notices if one.what == "opened" and _unheard(one, now)]
    if not waiting:
        return _telling(known, "escalated", now, now)
    hurried = [one.model_copy(update={"after": now}) if one in waiting else one for one in known.notices]
    return known.model_copy(update={"notices": tuple(hurried)})


def _back(known: Kept, closing: Closing, finding: Finding, after: datetime, now: datetime) -> Kept:
    past = Past(opened=known.opened, seen=known.seen, worst=known.worst, closed=closing)
    back = known.model_copy(
        update={
            "finding": finding,
            "opened": now,
            "seen": 1,
            "worst": finding.severity,
            "occurrence": known.occurrence + 1,
            "clear_since": None,
            "closed": None,
            "dismissed": 0,
            "answers": (),
            "earlier": (*known.earlier, past)[-PASTS:],
        }
    )
    return _telling(back, "opened", now, after)


def _telling(known: Kept, what: What, at: datetime, after: datetime, ledger_only: bool = False) -> Kept:
    number = known.numbered + 1
    notice = Notice(
        number=number,
        what=what,
        occurrence=known.occurrence,
        at=at,
        after=after,
        ledger_only=ledger_only,
    )
    return known.model_copy(update={"notices": (*known.notices, notice), "numbered": number})


def _after(known: Kept, settings: AlertSettings, now: datetime) -> datetime:
    """When something that comes back may be told of."""
    if known.announced is None:
        return now
    return max(now, known.announced + timedelta(hours=settings.quiet_hours))


def _unheard(notice: Notice, now: datetime) -> bool:
    return notice.after > now and not set(notice.told) - {LEDGER}


def _quiet_until(closing: Closing, settings: AlertSettings) -> datetime:
    return closing.at + timedelta(days=settings.dismissed_days)


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
