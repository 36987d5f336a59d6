"""What has to be true before a rollout begins: its strategy is allowed, and its judge can decide at all."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from release.domain import moves, names
from release.domain.captures import Minutes
from release.domain.errors import UsageError
from release.domain.manifest import Manifest
from release.domain.pins import Strategy
from release.domain.policy import INVOCATION_SECONDS, Policy
from release.domain.stage import refuse_what_sagemaker_would
from release.judge.cells import SPANS
from release.judge.windows import Refused, Window, parse_line
from release.operations import rollouts
from release.ports import Event, StagePorts, Tell, Unreadable
from release.rollout import feasible, sight

LOOKED_AT = 120.0
"""Seconds of windows that the expected traffic is taken from."""
MINUTES_LOOKED_AT = 300.0
"""The same of what SageMaker counts by the minute, which is complete a minute and a half later."""
_SERVICE = SPANS["service"]
SPAN = 15.0
"""Seconds: the busiest span among them tells it. A mean would not see callers who have just begun."""


def refuse_impossible(
    ports: StagePorts, endpoint: str, coming: Manifest | None, strategy: Strategy | None, tell: Tell
) -> None:
    """Refuse what could not come to its end, before anything is copied or pinned. An open rollout goes on.

    `coming` is the release that is to be rolled out, None for the one that is live already. Traffic that
    cannot be read is no refusal: that it could not be asked for is told.

    Raises UsageError: for a strategy that is not allowed, for settings that SageMaker would refuse, where
    nobody would see what the stage requires, or with the arithmetic where the policy cannot decide within a
    step's time at the traffic that live has.
    """
    settings = rollouts.settings_of(ports, endpoint)
    rollout = settings.rollout.by(strategy)
    silent = without_windows(ports, endpoint, coming)
    policy = policy_of(ports, endpoint, silent)
    if rollouts.found_open(ports, endpoint):
        return
    refuse_what_sagemaker_would(ports.settings)
    if rollout.strategy not in feasible.JUDGED:
        return
    _refuse_unseen(ports, endpoint, coming, silent)
    problem = feasible.too_short(rollout, policy)
    if problem is None and settings.pins.live is not None and ports.artifacts.exists():
        name = names.endpoint(endpoint, ports.name)
        objective = settings.alarms.latency_ms / 1000
        try:
            rate = traffic(ports, name) if policy.by == "windows" else invocations(ports, name, objective)
            problem = feasible.problem(rollout, policy, rate)
        except Unreadable as error:
            tell(Event(f"whether {name} has traffic enough to judge by is not known: {error}"))
    if problem:
        raise UsageError(
            f"This rollout could not be judged: {problem}.",
            "It would be taken back without a verdict, so nothing was changed.",
            "Begin with a larger step or hold longer (rollout: {steps: [...], hold_seconds: ...}), ask the "
            "judge for less (slipway:judge; ./slipway judge estimate), or send more traffic.",
        )


def _refuse_unseen(ports: StagePorts, endpoint: str, coming: Manifest | None, silent: Sequence[str]) -> None:
    """Refuse a rollout in which nothing would show what the stage itself names under `require`.

    The live release, on its fleet as it is but for the capture, answers as it did. So it may go without: that
    is how captures come.
    """
    settings, judge = rollouts.settings_of(ports, endpoint), ports.settings.judge
    live = settings.pins.live
    unseen = sight.unseen(judge, silent, live) if live is not None else ()
    if live is None or not unseen:
        return
    captured_as_now = settings.model_copy(update={"capture": live.capture})
    if (coming is None or coming.id == live.release) and not moves.shape_differs(captured_as_now):
        return
    names_them = " and ".join(unseen)
    data = f"slipway:endpoints.{endpoint}.capture: {{percent: 100}} in Pulumi.{ports.name}.yaml"
    raise UsageError(
        f"This rollout could not be judged: slipway:judge names {names_them} under require, "
        f"{' and '.join(silent)} {'prints' if len(silent) == 1 else 'print'} no windows, and live's answers "
        "are not captured.",
        f"It would pass without proof of {names_them}, so nothing was changed.",
        f"Have answers captured: set {data}, with the fleet's other settings as live has them, run "
        f"./slipway apply {ports.name} --endpoint {endpoint}, and then the same again. Or take {names_them} "
        "out of require, where errors and latency are enough.",
    )


def policy_of(ports: StagePorts, endpoint: str, silent: Sequence[str] = ()) -> Policy:
    """The stage's policy; what it leaves open of latencies follows from the endpoint's own objective.

    `silent` are those of the releases that are compared whose containers print no windows.
    """
    settings = rollouts.settings_of(ports, endpoint)
    asked = ports.settings.judge.for_objective(settings.alarms.latency_ms)
    return sight.policy(asked, silent, settings.pins.live)


def without_windows(ports: StagePorts, endpoint: str, coming: Manifest | None) -> tuple[str, ...]:
    """Those of the live release and the `coming` one whose containers print no windows.

    A live release whose manifest cannot be read is taken to print them: where it does not, the judge holds.
    """
    live, found = rollouts.settings_of(ports, endpoint).pins.live, [coming] if coming else []
    if live is not None and ports.artifacts.exists():
        with suppress(UsageError):
            found.append(ports.artifacts.manifest(live.release))
    return sight.silent(found)


def traffic(ports: StagePorts, endpoint: str) -> float:
    """Requests per second that the endpoint answered in its busiest 15 s lately. Raises Unreadable."""
    now = ports.clock.now()
    lines = ports.evidence.follow(endpoint, now - timedelta(seconds=LOOKED_AT), ()).more()
    answered: defaultdict[int, float] = defaultdict(float)
    for line in lines:
        try:
            window = parse_line(line)
        except Refused:
            continue
        if window.start >= now.timestamp() - LOOKED_AT and window.end > window.start:
            _spread(answered, window)
    return max(answered.values(), default=0.0) / SPAN


def invocations(ports: StagePorts, endpoint: str, objective: float) -> float:
    """Requests per second in the endpoint's busiest minute lately, as SageMaker counts.

    Raises Unreadable.
    """
    since = ports.clock.now() - timedelta(seconds=MINUTES_LOOKED_AT)
    lines = ports.evidence.follow(endpoint, since, (), Minutes(objective)).more()
    counted: defaultdict[float, float] = defaultdict(float)
    for window in map(parse_line, lines):
        counted[window.start] += float(window.dense()[_SERVICE.start : _SERVICE.stop].sum())
    return max(counted.values(), default=0.0) / INVOCATION_SECONDS


def _spread(answered: defaultdict[int, float], window: Window) -> None:
    """Add a window's answers to the spans that it lies in, evenly."""
    for span in range(int(window.start // SPAN), int(window.end // SPAN) + 1):
        within = min(window.end, (span + 1) * SPAN) - max(window.start, span * SPAN)
        answered[span] += window.answered * max(within, 0.0) / (window.end - window.start)
