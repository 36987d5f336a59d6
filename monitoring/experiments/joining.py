"""Exposures and outcomes, joined by key, counted by the hour of the first exposure. Pure.

Nothing is dropped in silence: what does not count is counted under its cause. An exposure counts once the
time within which its outcome can come has passed, whatever came of it by then: counting successes as they
arrive, and failures later, would favour whoever answers faster. Files come minutes late, those of one variant
later than the other's: what they say of an hour counts once they are there.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring.experiments import assignment
from monitoring.hours import complete_until, hour_of

NAMED = 5
"""So many keys are named of a cause ..."""
LONGEST = 200
"""... by so many characters each: the first and the last ones of a longer one."""
AHEAD = timedelta(minutes=5)
"""So far a caller's clock may be ahead of ours."""

BOTH = "keys exposed to both variants"
ELSEWHERE = "exposures against the assignment"
OTHER = "exposures of another experiment"
KEYLESS = "requests without a key"
UNTIMELY = "exposures before the experiment began, or after it ended"
FUTURE = "exposures from the future"
VARIANT = "exposures of another variant than live and candidate"
UNKNOWN = "outcomes of a key that was not exposed"
EARLY = "outcomes before their exposure"
LATE = "outcomes after their time"
REPEATED = "outcomes told again"
CORRECTED = "outcomes corrected by a later one"
CONTRADICTORY = "keys with contradictory outcomes of one moment"
OTHERS = "outcomes of another experiment"


@dataclass(frozen=True)
class Exposure:
    """One request that a variant answered. Without an experiment it is of the one that is asked about."""

    key: str | None
    variant: str
    at: datetime
    experiment: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a key's exposure: 1 or 0, at the moment when it happened."""

    key: str
    value: int
    at: datetime
    experiment: str | None = None


@dataclass(frozen=True)
class Scope:
    """Which exposures count: of which experiment, from when to when, and when all of an hour is known."""

    experiment: str
    percent: int
    begun: datetime
    within: timedelta
    """How long an outcome may take."""
    grace: timedelta
    """How long after its end an hour's files are waited for."""
    ended: datetime | None = None


@dataclass(frozen=True)
class Hour:
    """What is known of the keys first exposed in one hour: (candidate, live) each."""

    begin: datetime
    exposed: tuple[int, int]
    yes: tuple[int, int]
    whole: bool
    """Whether all exposures of the hour are known."""
    final: bool
    """Whether all their outcomes' time has passed, and what is told of them is known too."""


@dataclass
class Troubles:
    """What does not count, by its cause, and some of the keys."""

    counts: Counter[str] = field(default_factory=Counter)
    keys: dict[str, list[str]] = field(default_factory=dict)

    def note(self, cause: str, key: str | None = None) -> None:
        """One more of a cause."""
        self.counts[cause] += 1
        named = self.keys.setdefault(cause, [])
        if key is None or len(named) >= NAMED:
            return
        if (name := _printable(key)) not in named:
            named.append(name)

    def take(self, others: "Troubles") -> None:
        """Those of an earlier step, too."""
        self.counts += others.counts
        for cause, keys in others.keys.items():
            self.keys[cause] = [*self.keys.get(cause, []), *keys][:NAMED]


def _printable(key: str) -> str:
    """A key as it can be told: callers write what they like."""
    text = key if len(key) <= LONGEST else f"{key[: LONGEST // 2]}…{key[-LONGEST // 2 :]}"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


@dataclass(frozen=True)
class Joined:
    """The hours in their order, and what was set aside."""

    hours: tuple[Hour, ...]
    troubles: Troubles


def join(scope: Scope, exposures: Iterable[Exposure], outcomes: Iterable[Outcome], now: datetime) -> Joined:
    """Count what is known at `now`."""
    troubles = Troubles()
    first = _first(scope, exposures, troubles, now + AHEAD)
    yes = _outcomes(scope, first, outcomes, troubles)
    counted: dict[datetime, list[int]] = {}
    for key, (variant, at) in first.items():
        place = assignment.ARMS.index(variant)
        numbers = counted.setdefault(hour_of(at), [0, 0, 0, 0])
        numbers[place] += 1
        numbers[2 + place] += yes.get(key, 0)
    whole, final = (complete_until(moment, scope.grace) for moment in (now, now - scope.within))
    hours = (
        Hour(begin, (n[0], n[1]), (n[2], n[3]), begin < whole, begin < final)
        for begin, n in sorted(counted.items())
    )
    return Joined(tuple(hours), troubles)


def _first(
    scope: Scope, exposures: Iterable[Exposure], troubles: Troubles, until: datetime
) -> dict[str, tuple[assignment.Arm, datetime]]:
    """The first exposure of each key that counts."""
    found: dict[str, tuple[assignment.Arm, datetime]] = {}
    both: set[str] = set()
    for exposure in exposures:
        key, variant = exposure.key, exposure.variant
        if cause := _uncounted(scope, exposure, until):
            troubles.note(cause, key)
            continue
        assert key is not None
        assert variant in assignment.ARMS
        known = found.get(key)
        if known is not None and known[0] != variant:
            both.add(key)
        if known is None or exposure.at < known[1]:
            found[key] = (variant, exposure.at)
    for key in sorted(both):
        troubles.note(BOTH, key)
        del found[key]
    for key, (variant, _) in sorted(found.items()):
        if variant != assignment.arm(scope.experiment, key, scope.percent):
            troubles.note(ELSEWHERE, key)
            del found[key]
    return found


def _uncounted(scope: Scope, exposure: Exposure, until: datetime) -> str | None:
    if exposure.experiment not in (None, scope.experiment):
        return OTHER
    if exposure.key is None or not assignment.KEY.fullmatch(exposure.key):
        return KEYLESS
    if exposure.at < scope.begun or (scope.ended is not None and exposure.at > scope.ended):
        return UNTIMELY
    if exposure.at > until:
        return FUTURE
    return None if exposure.variant in assignment.ARMS else VARIANT


def _outcomes(
    scope: Scope,
    first: dict[str, tuple[assignment.Arm, datetime]],
    outcomes: Iterable[Outcome],
    troubles: Troubles,
) -> dict[str, int]:
    """The outcome of each key that has one in its time: the latest holds.

    Contradictory keys leave `first`.
    """
    found: dict[str, Outcome] = {}
    contradictory: set[str] = set()
    for outcome in outcomes:
        if cause := _astray(scope, first, outcome):
            troubles.note(cause, outcome.key)
            continue
        known = found.get(outcome.key)
        if known is None:
            found[outcome.key] = outcome
            continue
        if known.value == outcome.value:
            troubles.note(REPEATED, outcome.key)
        elif known.at == outcome.at:
            contradictory.add(outcome.key)
        else:
            troubles.note(CORRECTED, outcome.key)
        if outcome.at > known.at:
            found[outcome.key] = outcome
    for key in sorted(contradictory):
        troubles.note(CONTRADICTORY, key)
        del found[key], first[key]
    return {key: outcome.value for key, outcome in found.items()}


def _astray(scope: Scope, first: dict[str, tuple[assignment.Arm, datetime]], outcome: Outcome) -> str | None:
    if outcome.experiment not in (None, scope.experiment):
        return OTHERS
    if outcome.key not in first:
        return UNKNOWN
    at = first[outcome.key][1]
    if outcome.at < at:
        return EARLY
    return LATE if outcome.at > at + scope.within else None
