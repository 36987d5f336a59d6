"""What a rollout rests on: windows, or what SageMaker itself counts and captures of containers without. Pure.

It follows from what the releases' manifests say, never from what happened to come: a container that ceases to
print windows must not be judged by less, it must be held (docs/judge.md).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from release.domain import names
from release.domain.captures import Captures, Counted, Reading, range_of
from release.domain.golden import Golden
from release.domain.ledger import Opened
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin
from release.domain.policy import INVOCATION_SECONDS, SEEN_BY_CAPTURES, SETTLED_SECONDS, Metric, Policy
from release.rollout.strategies.step import Watch

LATE_SECONDS = 180.0
"""Until the first minute that lies in a step as a whole is counted: the rest of the one before, itself, and
what a minute needs to be complete and to be asked for."""


def silent(releases: Sequence[Manifest]) -> tuple[str, ...]:
    """Those of the releases whose containers print no windows."""
    return tuple(dict.fromkeys(one.id for one in releases if not one.prints_windows))


def policy(asked: Policy, without_windows: Sequence[str], live: ReleasePin | None) -> Policy:
    """By what a candidate is compared with `live`: by windows only where both print them.

    An endpoint that serves both captures what live's config says.
    """
    captured = by_sagemaker(live)
    return asked.by_invocations(captured) if without_windows else asked


def by_sagemaker(pin: ReleasePin | None) -> int:
    """The percentage of a release's answers that SageMaker captures; 0 for none."""
    capture = pin.capture if pin is not None else None
    return capture.percent if capture is not None and not capture.by_container else 0


def unseen(asked: Policy, without_windows: Sequence[str], live: ReleasePin) -> tuple[Metric, ...]:
    """What the policy itself names under `require`, captured answers would show, and nothing shows."""
    if "require" not in asked.model_fields_set or not without_windows or by_sagemaker(live):
        return ()
    return tuple(metric for metric in SEEN_BY_CAPTURES if metric in asked.require)


def captures(opened: Opened, beside: bool, golden_of: Callable[[str], Golden]) -> Captures | None:
    """Where the answers of both variants are captured that the judge counts without windows, or None.

    `beside` says whether both serve. How they are read, the golden requests of their releases say.
    """
    before, after = opened.before.live, opened.after.live
    serves = before if beside else after
    if after is None or serves is None or serves.capture is None or not by_sagemaker(serves):
        return None
    if by_windows(opened, beside) or (beside and not (opened.judge and opened.judge.captured)):
        return None
    live, candidate = golden_of(serves.release), golden_of(after.release)
    counted = Counted.of(live)
    readings = {names.LIVE: Reading.of(live, counted), names.CANDIDATE: Reading.of(candidate, counted)}
    grace = (opened.judge or Policy()).captured_grace_seconds
    return Captures(serves.capture.to, readings, range_of(live), grace)


def proves_finite(opened: Opened) -> bool:
    """Whether captured answers have to prove, of the release that serves alone, that they are finite."""
    after, asked = opened.after.live, opened.judge
    required = asked is not None and asked.captured > 0 and "invalid" in asked.require
    return required and bool(by_sagemaker(after)) and not alone_by_windows(opened)


def watch(asked: Watch, by_windows: bool, captures: Captures | None = None) -> Watch:
    """How a step is watched. What SageMaker counts comes late: the step lasts so much longer.

    Otherwise it could be left by a PASS on evidence from before its own traffic moved. What it captures comes
    later still, with the metrics of a later minute: it can fail nobody whose step is over.
    """
    if by_windows:
        return asked
    settled = SETTLED_SECONDS - INVOCATION_SECONDS
    later = math.ceil((captures.grace_seconds - settled) / 60) * 60 if captures else 0
    least = asked.least + LATE_SECONDS + max(later, 0)
    return replace(asked, least=least, most=max(asked.most, least))


def by_windows(opened: Opened, beside: bool) -> bool:
    """Whether a step is watched by windows, in which both releases serve or one alone."""
    if not beside:
        return alone_by_windows(opened)
    return opened.judge is None or opened.judge.by == "windows"


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


def remark(said: bool, printed: bool, captured: int = 0) -> str:
    """What follows from the windows that a container prints or not; "" where it is what its evidence says.

    So many percent of its answers are `captured`.
    """
    if said:
        return ""
    if printed:
        return (
            'it prints windows, and its evidence does not say so: with "prints_windows": true its rollouts '
            "would be judged by them"
        )
    rests = (
        "this container prints no windows: its rollouts rest on what SageMaker counts, errors and latency "
        "by the minute; "
    )
    if captured:
        return (
            f"{rests}score drift and invalid predictions are judged from the {captured} % of answers that "
            "this stage captures, minutes later; slow-downs of less than a quarter are not judged"
        )
    return (
        f"{rests}score drift, invalid predictions and slow-downs of less than a quarter are not judged; a "
        "stage that captures answers (slipway:endpoints.<name>.capture) has the first two judged"
    )
