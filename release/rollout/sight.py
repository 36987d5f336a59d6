"""What a rollout rests on: windows, or what SageMaker itself counts of containers that print none. Pure.

It follows from what the releases' manifests say, never from what happened to come: a container that ceases to
print windows must not be judged by less, it must be held (docs/judge.md).
"""

from collections.abc import Sequence
from dataclasses import replace

from release.domain.ledger import Opened
from release.domain.manifest import Manifest
from release.domain.policy import Policy
from release.rollout.strategies.step import Watch

LATE_SECONDS = 180.0
"""Until the first minute that lies in a step as a whole is counted: the rest of the one before, itself, and
what a minute needs to be complete and to be asked for."""


def silent(releases: Sequence[Manifest]) -> tuple[str, ...]:
    """Those of the releases whose containers print no windows."""
    return tuple(dict.fromkeys(one.id for one in releases if not one.prints_windows))


def policy(asked: Policy, without_windows: Sequence[str]) -> Policy:
    """By what a candidate is compared with live: by windows only where both print them."""
    return asked.by_invocations() if without_windows else asked


def watch(asked: Watch, by_windows: bool) -> Watch:
    """How a step is watched. What SageMaker counts comes late: the step lasts so much longer.

    Otherwise it could be left by a PASS on evidence from before its own traffic moved.
    """
    if by_windows:
        return asked
    least = asked.least + LATE_SECONDS
    return replace(asked, least=least, most=max(asked.most, least))


def alone_by_windows(opened: Opened) -> bool:
    """Whether the release that comes is watched by windows where it serves alone."""
    return opened.after.live is None or opened.after.live.release not in opened.without_windows


def wrong(said: bool, printed: bool) -> str | None:
    """Why a container must not go on whose evidence says that it prints windows, or None."""
    if said and not printed:
        return (
            "it printed no windows, and its evidence says prints_windows: the judge would never see it. "
            'Have it print them (docs/telemetry.md), or say "prints_windows": false'
        )
    return None


def remark(said: bool, printed: bool) -> str:
    """What follows from the windows that a container prints or not; "" where it is what its evidence says."""
    if said:
        return ""
    if printed:
        return (
            'it prints windows, and its evidence does not say so: with "prints_windows": true its rollouts '
            "would be judged by them"
        )
    return (
        "this container prints no windows: its rollouts rest on what SageMaker counts, errors and latency "
        "by the minute; score drift, invalid predictions and slow-downs of less than a quarter are not judged"
    )
