"""Experiments: two releases side by side at weights that stay, until a person says which one is kept.

One begins as a judged rollout: through the gates, beside live without traffic, then with more and more of it,
as far as the judge says PASS, up to the experiment's share. There it stays open, and no process has to be at
work. It ends by that rollout's last steps: the candidate serves alone, or live does again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from release.domain import landed, ledger, names, plan
from release.domain.errors import Held, UsageError
from release.domain.experiment import Compared, Concluded, Experiment, Keep, command
from release.domain.ledger import (
    Closed,
    End,
    Entered,
    Opened,
    OpenRollout,
    Phase,
    Request,
    Resumed,
)
from release.operations import rollouts, standing
from release.operations.land import taken
from release.operations.promote import Order, brought
from release.ports import Event, StagePorts, Tell, World

LOOK_SECONDS = 15.0
"""How often whoever watches an experiment asks whether it still runs."""


@dataclass(frozen=True)
class Running(Compared):
    """An experiment that runs, or that was the endpoint's last."""

    disagreements: tuple[str, ...] = ()
    """Where SageMaker serves something else than the experiment asks for."""


@dataclass(frozen=True)
class Stopped:
    """An experiment that a person ended: which release serves alone now."""

    experiment: Running
    keep: Keep
    serves: str


def start(world: World, order: Order, asked: Experiment, tell: Tell) -> Running:
    """Let a release stand beside live, at the experiment's share of the traffic.

    The same again where it runs already changes nothing. Raises UsageError where there is nothing to compare,
    ReleaseFailed when a gate or the judge said no.
    """
    order = replace(order, kind="experiment", strategy="judged")
    target = world.stage(world.stages.entry(order.target).name)
    endpoint = target.settings.only_endpoint(order.endpoint)
    live = target.settings.endpoints[endpoint].pins.live
    if live is None:
        raise UsageError(
            f"Endpoint {endpoint} has no live release in {target.name}.",
            "There is nothing to compare with, so nothing was changed.",
            f"Bring one there first: {world.stages.entering(target.name)}",
        )
    ready = brought(world, order, tell)
    if ready.pin.release == live.release:
        raise UsageError(
            f"{ready.pin.release} is live in {target.name} already.",
            "A release would be compared with itself, so nothing was changed.",
            "See ./slipway status; name another stage that serves what is to be compared: --from STAGE",
        )
    found = _that_runs(ready.target, endpoint)
    if found is not None:
        return _as_asked(ready.target, found, asked, tell)
    grounds = replace(ready.grounds, experiment=asked)
    rollout = taken(ready.target, "experiment", endpoint, ready.pin, grounds, tell)
    ended = rollouts.carry_out(ready.target, rollout, tell)
    if ended.end is End.REVERTED:
        raise rollouts.taken_back(ready.target, endpoint, ready.pin.release, ended)
    return running(world, target.name, endpoint)


def _as_asked(ports: StagePorts, found: OpenRollout, asked: Experiment, tell: Tell) -> Running:
    """The experiment of the same release that runs already.

    Raises UsageError where another question was asked of it.
    """
    if found.opened.experiment != asked:
        raise UsageError(
            f"The experiment of {found.subject.release} runs with another share, outcome or effect.",
            "What was planned before the first outcome came must not change, so nothing was changed.",
            f"See ./slipway experiment status {ports.name}; end it, then begin another one: "
            f"{command(ports.name, found.subject.endpoint)}",
        )
    tell(Event(f"the experiment of {found.subject.release} runs already"))
    return _running(ports, found)


def running(world: World, stage: str, endpoint: str | None) -> Running:
    """The endpoint's experiment: the one that runs, else the last one. Raises UsageError where none was."""
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    found = _that_runs(ports, name)
    if found is not None:
        return _running(ports, found)
    last = _last(ports, name)
    if last is None:
        raise UsageError(
            f"No experiment ever ran on {name} in {ports.name}.",
            "There is nothing to tell.",
            f"Begin one: ./slipway experiment start {ports.name} --help",
        )
    return last


def watch(world: World, stage: str, endpoint: str | None, tell: Tell) -> Running:
    """Have the judge watch the experiment for as long as it runs; once it has ended, that is told.

    Raises UsageError where none runs, ReleaseFailed when the judge said FAIL and took the candidate back.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    found = _that_runs(ports, name)
    if found is None:
        raise _none_runs(ports, name)
    tell(
        Event(f"the judge watches the experiment of {found.subject.release}: Ctrl-C ends the watching alone")
    )
    asked_at, own = ports.clock.monotonic(), found.id
    over: str | None = None

    def ended_meanwhile() -> str | None:
        nonlocal asked_at, over
        if over is None and ports.clock.monotonic() - asked_at >= LOOK_SECONDS:
            asked_at = ports.clock.monotonic()
            runs = any(one.rests and one.id == own for one in ports.ledger.all_open())
            over = None if runs else "it has ended"
        return over

    ended = rollouts.watched(ports, found, ended_meanwhile, tell)
    if ended is not None:
        raise rollouts.taken_back(ports, name, found.subject.release, ended)
    return running(world, stage, name)


def stop(world: World, stage: str, endpoint: str | None, concluded: Concluded, tell: Tell) -> Stopped:
    """End the experiment: what is kept serves alone, verified, and the pins say so.

    Raises UsageError without a reason or an experiment, ReleaseFailed where the candidate, alone, did not
    keep the stage's limits.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    if not concluded.because.strip():
        raise UsageError(
            "To end an experiment needs a reason.",
            "Whoever reads the ledger has to know why, so nothing was changed.",
            f"Say it: {command(ports.name, name)}",
        )
    standing.insist(ports, name, "rollback")
    found = _to_end(ports, name, concluded.keep)
    before = _running(ports, found) if found.rests else None
    if found.rests:
        tell(Event(f"the experiment of {found.subject.release} ends with {concluded.keep}"))
        ports.ledger.append(found.subject, concluded)
        found = replace(found, concluded=concluded)
    else:
        tell(Event(f"resuming the end of the experiment of {found.subject.release}"))
        ports.ledger.append(found.subject, Resumed())
    if concluded.keep == "candidate":
        ports.stack.ready()
    ended = rollouts.carry_out(ports, found, tell)
    if (ended.end is End.LANDED) != (concluded.keep == "candidate"):
        raise rollouts.taken_back(ports, name, found.subject.release, ended)
    told = before or running(world, stage, name)
    assert ended.serves is not None
    return Stopped(told, concluded.keep, ended.serves)


def _to_end(ports: StagePorts, endpoint: str, keep: Keep) -> OpenRollout:
    """The experiment that is to be ended, or whose end a dead process left.

    All of it by one look into the ledger, the last one before its end is written there: whoever ended it in
    between has ended it.
    """
    opened = _all_open(ports)
    found = _own(ports, endpoint, opened)
    if found is None or found.subject.kind != "experiment":
        raise _none_runs(ports, endpoint)
    holds = ledger.holding(opened, endpoint)
    alive = holds is not None and rollouts.at_work(ports, holds)
    ledger.decide(holds, alive, Request("experiment", endpoint, found.subject.release), ports.name)
    if not found.rests and found.concluded is None:
        raise Held(
            f"The experiment of {found.subject.release} stopped half-way, at {found.phase.value!r}.",
            "It has not begun to compare, so nothing was changed.",
            "Run the same ./slipway experiment start again to go on, or take it back: "
            f"./slipway rollback {ports.name} --endpoint {endpoint}",
        )
    if found.concluded is not None and found.concluded.keep != keep:
        raise Held(
            f"It was decided to keep {found.concluded.keep}: {found.concluded.because}.",
            "That stopped half-way, so nothing was changed.",
            f"Run it again with --keep {found.concluded.keep} to finish it; "
            f"./slipway rollback {ports.name} --endpoint {endpoint} takes the candidate back.",
        )
    return found


def _all_open(ports: StagePorts) -> Sequence[OpenRollout]:
    return ports.ledger.all_open() if ports.ledger.exists() else ()


def _own(ports: StagePorts, endpoint: str, opened: Sequence[OpenRollout]) -> OpenRollout | None:
    """The endpoint's rollout of those that are open."""
    found = next((one for one in opened if one.subject.endpoint == endpoint), None)
    return found.on(rollouts.settings_of(ports, endpoint).instances.type) if found else None


def _that_runs(ports: StagePorts, endpoint: str) -> OpenRollout | None:
    found = _own(ports, endpoint, _all_open(ports))
    return found if found is not None and found.rests else None


def _none_runs(ports: StagePorts, endpoint: str) -> UsageError:
    return UsageError(
        f"No experiment runs on {endpoint} in {ports.name}.",
        "Nothing was changed.",
        f"See ./slipway status {ports.name}",
    )


def _running(ports: StagePorts, found: OpenRollout) -> Running:
    opened, subject = found.opened, found.subject
    assert opened.experiment is not None
    assert opened.before.live is not None
    name = names.endpoint(subject.endpoint, ports.name)
    percent = opened.experiment.percent
    wanted = plan.compared_plan(ports.name, subject.endpoint, opened.before, opened.after, percent)
    disagreements = landed.compare(name, wanted, ports.endpoints.describe(name))
    return Running(
        stage=ports.name,
        endpoint=subject.endpoint,
        id=found.id,
        candidate=subject.release,
        live=opened.before.live.release,
        asked=opened.experiment,
        begun=found.entered,
        disagreements=tuple(map(str, disagreements)),
    )


def _last(ports: StagePorts, endpoint: str) -> Running | None:
    """The endpoint's last experiment that came to compare anything, by its ledger; it has ended, or is being
    ended."""
    begun: datetime | None = None
    ended: datetime | None = None
    words = ""
    for stored in ports.ledger.newest_first() if ports.ledger.exists() else ():
        entry, subject, what = stored.entry, stored.entry.subject, stored.entry.what
        if (subject.kind, subject.endpoint) != ("experiment", endpoint):
            continue
        at = datetime.fromisoformat(entry.at)
        match what:
            case Closed():
                ended, words = at, what.reason
            case Entered(event=Phase.REVERTING):
                ended, words = at, what.reason
            case Concluded():
                ended, words = at, what.words
            case Entered(event=Phase.EXPERIMENTING):
                begun = at
            case Opened() if begun is not None:
                assert what.experiment is not None
                live = what.before.live.release if what.before.live else ""
                return Running(
                    *(subject.rollout, ports.name, endpoint, subject.release, live, what.experiment),
                    begun=begun,
                    ended=ended,
                    end=words,
                )
            case Opened():
                ended, words = None, ""
    return None
