"""Whether nothing that was to be captured is missing: answers given beside records there, by hour. Pure.

SageMaker counts what a variant was asked (`Invocations`) and what of it was not answered with 2xx
(`InvocationModelErrors`); the rest was to be captured, golden requests too. A request whose minute and whose
record are of two hours, since it came at their border, is missing in one and too many in the other: that is
made up for before anything is called missing.

A container's records lie under releases and not under variants. So where any do, the hour is compared for all
its variants together.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.finding import Finding, Number
from monitoring.hours import HOUR as HOUR
from release.domain import names
from release.domain.capture import Capture

VARIANTS = (names.LIVE, names.CANDIDATE)
SIGMAS = 4.0
"""Of a share of the requests: how far below the expected number is chance, once in 30,000 hours."""
MOST_HOURS = 48
"""That one finding names, the newest ones."""

Counts = Mapping[tuple[str, datetime], int]
"""By variant (or the folder of its place) and hour."""


@dataclass(frozen=True)
class Account:
    """One hour of one variant, or of several together (`candidate+live`)."""

    hour: datetime
    variant: str
    answered: int
    kept: int
    missing: int = 0


def compare(answered: Counts, kept: Counts, captures: Mapping[datetime, Capture]) -> list[Account]:
    """Every hour that `captures` names, which says what was to be captured then."""
    found: list[Account] = []
    for hour in sorted(captures):
        asked = {variant: count for (variant, at), count in answered.items() if at == hour and count}
        there = {folder: count for (folder, at), count in kept.items() if at == hour}
        for group, count in _grouped(asked, there):
            found.append(Account(hour, group, sum(asked.get(one, 0) for one in group.split("+")), count))
    spare = {(one.variant, one.hour): max(0, one.kept - one.answered) for one in found}
    return [_missed(one, captures[one.hour].percent, spare) for one in found]


def _grouped(asked: Mapping[str, int], there: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """The variants that are compared by themselves, or together, each with the records that are there."""
    if set(there) <= set(VARIANTS):
        for variant in sorted(asked.keys() | there.keys()):
            yield variant, there.get(variant, 0)
    elif asked or there:
        yield "+".join(sorted(asked)) or names.LIVE, sum(there.values())


def _missed(one: Account, percent: int, spare: dict[tuple[str, datetime], int]) -> Account:
    share = percent / 100
    chance = SIGMAS * math.sqrt(one.answered * share * (1 - share))
    missing = math.ceil(one.answered * share - chance) - one.kept
    for hour in (one.hour + HOUR, one.hour - HOUR):
        used = min(max(missing, 0), spare.get((one.variant, hour), 0))
        if used:
            spare[one.variant, hour] -= used
            missing -= used
    return Account(one.hour, one.variant, one.answered, one.kept, max(missing, 0))


def subject(variant: str) -> str:
    """What a finding about a variant's missing records is called."""
    return f"missing records of {variant}"


def findings(
    endpoint: str, release: str | None, accounts: Sequence[Account], until: datetime
) -> tuple[Finding, ...]:
    """One finding for each variant of which records are missing: how many, and of which hours.

    `until` is up to when they were compared.
    """
    return tuple(
        _finding(endpoint, release, variant, [one for one in accounts if one.variant == variant], until)
        for variant in sorted({one.variant for one in accounts if one.missing})
    )


def _finding(
    endpoint: str, release: str | None, variant: str, accounts: Sequence[Account], until: datetime
) -> Finding:
    short = [one for one in accounts if one.missing]
    missing, answered = sum(one.missing for one in short), sum(one.answered for one in short)
    evidence: dict[str, Number] = {"missing": missing, "answered": answered, "hours": len(short)}
    evidence |= {f"{one.hour:%Y-%m-%dT%H}": one.missing for one in short[-MOST_HOURS:]}
    first, last = short[0].hour, short[-1].hour
    when = f"{first:%Y-%m-%d %H}h" + (f" to {last:%Y-%m-%d %H}h" if last != first else "")
    return Finding(
        endpoint=endpoint,
        release=release,
        kind="capture",
        subject=subject(variant),
        since=first,
        noticed=until,
        summary=f"{missing:,} of {answered:,} answers of {variant} were not captured, {when}",
        evidence=evidence,
    )
