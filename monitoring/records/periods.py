"""Who served under which variant's name, and when: of the stage's ledger. Pure.

A captured record says its variant and its time, and not its release. While a release takes over from another
one under the same name, both answer; what was captured then is nobody's for certain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.hours import ALWAYS
from release.domain import names
from release.domain.ledger import Closed, End, Entered, Entry, Opened, Phase
from release.domain.pins import ReleasePin

MARGIN = timedelta(minutes=1)
"""By so much the clocks of SageMaker's hosts and of whoever writes the ledger may differ."""
_BESIDE = ("judged", "shadow")


@dataclass(frozen=True)
class Period:
    """From `start` on, what answered under the variant's name; None: nobody can say, or nothing did."""

    variant: str
    start: datetime
    pin: ReleasePin | None
    switching: bool = False
    """Whether two releases answered at once."""


@dataclass(frozen=True)
class Served:
    """All periods of an endpoint, in order."""

    periods: tuple[Period, ...]

    def at(self, variant: str, moment: datetime) -> Period | None:
        """The period of a variant at a moment, None before the first one."""
        return next(
            (one for one in reversed(self.periods) if one.variant == variant and one.start <= moment), None
        )

    def within(self, start: datetime, end: datetime) -> Sequence[Period]:
        """All periods that touch the time from `start` to `end`."""
        found = []
        for variant in (names.LIVE, names.CANDIDATE):
            first = self.at(variant, start)
            later = [one for one in self.periods if one.variant == variant and start < one.start < end]
            found += [first, *later] if first else later
        return found

    def pins(self, start: datetime, end: datetime) -> list[ReleasePin]:
        """What served in the time from `start` to `end`."""
        return [period.pin for period in self.within(start, end) if period.pin]

    @property
    def captured_since(self) -> datetime | None:
        """When something was first captured, where that is known."""
        starts = [one.start for one in self.periods if one.pin and one.pin.capture and one.start > ALWAYS]
        return min(starts, default=None)

    def variant_of(self, release: str, moment: datetime) -> str:
        """Under which variant's name a release answered, which was known otherwise."""
        live = self.at(names.LIVE, moment)
        beside = self.at(names.CANDIDATE, moment)
        is_live = live is not None and live.pin is not None and live.pin.release == release
        is_beside = beside is not None and beside.pin is not None and beside.pin.release == release
        return names.CANDIDATE if is_beside and not is_live else names.LIVE


def served(entries: Iterable[Entry], endpoint: str, live: ReleasePin | None) -> Served:
    """The periods that the ledger's entries of an endpoint tell, oldest first.

    `live` is what the stage's file names: what always served where the ledger tells of no rollout.
    """
    told = _Told(endpoint)
    for entry in entries:
        if entry.subject.endpoint == endpoint:
            told.add(entry)
    if not told.periods and live is not None:
        told.periods.append(Period(names.LIVE, ALWAYS, live))
    return Served(tuple(told.periods))


class _Told:
    """The periods so far, and the rollout that is open."""

    def __init__(self, endpoint: str) -> None:
        self.periods: list[Period] = []
        self._endpoint = endpoint
        self._opened: Opened | None = None
        self._switch = 0
        self._switching = False

    def add(self, entry: Entry) -> None:
        """Go on by one entry."""
        at = datetime.fromisoformat(entry.at)
        match entry.what:
            case Opened() as what:
                self._begin(what, entry.subject.kind, at)
            case Entered(event=phase, step=step) if self._opened:
                self._enter(self._opened, phase, step, at)
            case Closed() as what if self._opened:
                self._end(self._opened, what, at)

    def _begin(self, what: Opened, kind: str, at: datetime) -> None:
        before, after = what.before.live, what.after.live
        self._opened, self._switching = what, False
        if before is None:
            self._say(names.LIVE, at, after)
        elif not self.periods:
            self._say(names.LIVE, ALWAYS, before)
        beside = before is not None and what.rollout.strategy in _BESIDE and kind != "rollback"
        # Staged at weight 0, each share, and then alone; in the shadow once more before.
        shadow = what.rollout.strategy == "shadow"
        self._switch = 1 + shadow + len(what.rollout.steps) if beside else 0
        if beside:
            self._say(names.CANDIDATE, at, after)

    def _enter(self, opened: Opened, phase: Phase, step: int, at: datetime) -> None:
        before, after = opened.before.live, opened.after.live
        if before is None or after is None or before.release == after.release:
            return
        match phase:
            case Phase.MOVING if step >= self._switch:
                self._say(names.LIVE, at - MARGIN, None, switching=True)
                self._switching = True
            case Phase.VERIFYING if step >= self._switch:
                self._say(names.LIVE, at + MARGIN, after)
            case Phase.REVERTING if self._switching:
                self._say(names.LIVE, at - MARGIN, None, switching=True)
            case Phase.RESTORING if self._switching:
                self._say(names.LIVE, at + MARGIN, before)

    def _end(self, opened: Opened, what: Closed, at: datetime) -> None:
        match what.event:
            case End.LANDED:
                serves = opened.after.live
            case End.REVERTED:
                serves = opened.before.live
            case _:
                pins = what.pins.get(self._endpoint)
                serves = pins.live if pins else opened.before.live
        if self._is_beside():
            self._say(names.CANDIDATE, at + MARGIN, None)
        last = next((one for one in reversed(self.periods) if one.variant == names.LIVE), None)
        if last is None or last.pin != serves:
            self._say(names.LIVE, at, serves)
        self._opened = None

    def _is_beside(self) -> bool:
        last = next((one for one in reversed(self.periods) if one.variant == names.CANDIDATE), None)
        return last is not None and last.pin is not None

    def _say(self, variant: str, start: datetime, pin: ReleasePin | None, switching: bool = False) -> None:
        """From `start` on; what began later under that name is overruled."""
        self.periods = [one for one in self.periods if one.variant != variant or one.start < start]
        self.periods.append(Period(variant, start, pin, switching))
