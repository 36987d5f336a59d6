"""Retrain: the live model of a stage's endpoint is trained on a new window of data, and measured beside it.

    admitted → asked → trained → worse, or: released to the first stage → proposed for the next one

Each step is in the stage's ledger. A process that dies leaves an open retrain: the same command takes it over
and goes on after what is done. Nothing goes past the first stage unless the data of a later one says so.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from release.domain import gates, ledger, retraining
from release.domain.errors import Held, ReleaseFailed, UsageError
from release.domain.ledger import OpenRollout, Refused, Request, Subject
from release.domain.manifest import GateResult, parse_json
from release.domain.occasions import About, Occasion
from release.domain.pins import ReleasePin
from release.domain.proposal import Proposal
from release.domain.retrained import Asked, Ended, Outcome, TakenOver, Trained, What
from release.domain.retraining import Retrain
from release.domain.trainer import Trainer
from release.domain.training import TrainingFailed
from release.operations import asking, champion, composing, onwards, release, rollouts, standing
from release.operations.land import Grounds, land
from release.operations.onwards import Gone
from release.ports import Event, StagePorts, Tell, World

EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class Order:
    """Whose live model is to be trained anew, and why: a person's words, or an event of EventBridge."""

    stage: str
    endpoint: str | None = None
    because: str = ""
    event: bytes | None = None


@dataclass(frozen=True)
class Retrained:
    """What a retrain came to; `outcome` as in `release/domain/retrained.py`."""

    stage: str
    endpoint: str
    retrain: str
    """Its id."""
    champion: str
    learns: str
    model: Path
    """The folder that training left."""
    gates: Sequence[GateResult]
    outcome: Outcome
    release: str | None = None
    at: str = ""
    """The last stage where it is live."""
    proposal: Proposal | None = None
    """For the stage after that."""
    reasons: Sequence[str] = ()
    """Why it is worse, or went no further."""
    next_step: str = ""
    code: int = 0
    """What the command ends with."""

    @property
    def failed(self) -> list[str]:
        """The gates that the model fails."""
        return [gate.name for gate in gates.failed(self.gates)]

    def values(self) -> dict[str, Any]:
        """It as JSON can have it."""
        plain = {"gates": [gate.model_dump(mode="json") for gate in self.gates]}
        return vars(self) | plain | {"proposal": asdict(self.proposal) if self.proposal else None}


@dataclass(frozen=True)
class _Run:
    """One retrain at work."""

    world: World
    ports: StagePorts
    endpoint: str
    id: str
    asked: Asked
    champion: str
    """The release that was live when it was asked for."""
    tell: Tell
    landed: str | None = None
    """The release that came of it, where that is live in the stage already."""
    trained: Trained | None = None

    @property
    def folder(self) -> Path:
        """Where its model is left. It is the retrain's own: what an earlier one left is none of it."""
        return self.world.build / "retrain" / f"{self.ports.name}-{self.endpoint}-{self.id}"

    def record(self, what: What) -> None:
        """An entry of the stage's ledger."""
        subject = Subject(kind="retrain", endpoint=self.endpoint, release=self.champion, rollout=self.id)
        self.ports.ledger.append(subject, what)

    def worse(self, trained: Trained, failed: Sequence[GateResult]) -> Retrained:
        """It ends with its numbers."""
        reasons = tuple(f"{gate.name}: {gate.reason}" for gate in failed)
        self.record(Ended(outcome="worse", reasons=reasons))
        return replace(self._told(trained, "worse"), reasons=reasons, code=ReleaseFailed.exit_code)

    def gone(self, trained: Trained, found: str, gone: Gone) -> Retrained:
        """It ends where its release went."""
        stopped = gone.stopped
        reasons = (stopped.cause,) if stopped else ()
        self.record(Ended(outcome=gone.outcome, release=found, stage=gone.at, reasons=reasons))
        return replace(
            self._told(trained, gone.outcome),
            release=found,
            at=gone.at,
            proposal=gone.proposal,
            reasons=reasons,
            next_step=gone.next_step,
            code=Held.exit_code if stopped else 0,
        )

    def _told(self, trained: Trained, outcome: Outcome) -> Retrained:
        window = self.asked.window
        return Retrained(
            stage=self.ports.name,
            endpoint=self.endpoint,
            retrain=self.id,
            champion=self.champion,
            learns=window.learns,
            model=self.folder,
            gates=trained.gates,
            outcome=outcome,
        )


@dataclass(frozen=True)
class _Wish:
    """What is asked for, before it is known whether it may begin."""

    world: World
    ports: StagePorts
    endpoint: str
    live: ReleasePin
    """The champion."""
    occasion: Occasion
    about: About
    """What the occasion is about."""
    trainer: Trainer
    tell: Tell


def retrain(world: World, order: Order, trainer: Trainer, tell: Tell) -> Retrained:
    """Admit, train, measure, release, propose.

    Raises ReleaseFailed where the stage's data allows none now, where there is nothing to learn, and where
    the release is refused; TrainingFailed where a training job left no model; UsageError where nothing is
    live or the event is none of the stage's; AsksNothing where the stage's event asks for none; ServiceError
    while another one is under way, or a rollout.
    """
    occasion, about = asking.occasion(world.settings(order.stage), order.because, order.event)
    ports = world.stage(order.stage)
    endpoint = ports.settings.only_endpoint(asking.endpoint(order.endpoint, about))
    standing.insist(ports, endpoint, "source")
    live = _live(world, ports, endpoint, trainer.service)
    way = onwards.way(world)
    wish = _Wish(world, ports, endpoint, live, occasion, about, trainer, tell)
    run = _begun(wish, _admitted(wish))
    with ports.ledger.heartbeat(run.id, endpoint):
        try:
            trained = _trained(run, trainer)
            failed = gates.failed(trained.gates)
            if failed:
                return run.worse(trained, failed)
            found = _released(run, trained)
        except (ReleaseFailed, TrainingFailed, UsageError) as error:
            outcome = "refused" if isinstance(error, ReleaseFailed) else "failed"
            run.record(Ended(outcome=outcome, reasons=(error.cause,)))
            raise
        why = f"retrained on {run.asked.window.learns}, asked for by {run.asked.occasion}"
        return run.gone(trained, found, onwards.go(world, way, endpoint, found, why, tell))


def _live(world: World, ports: StagePorts, endpoint: str, service: str) -> ReleasePin:
    """The pin of the champion. Raises UsageError where there is none that is of this service."""
    pin = rollouts.settings_of(ports, endpoint).pins.live
    if pin is None:
        raise UsageError(
            f"Endpoint {endpoint} has no live release in {ports.name}.",
            "There is nothing to retrain, so nothing was trained.",
            f"Release first: ./slipway train, then {world.stages.entering(ports.name)}",
        )
    content = ports.artifacts.manifest(pin.release)
    if content.foreign is not None:
        raise UsageError(
            f"{pin.release}, live at {endpoint} in {ports.name}, is a container of others.",
            "Only they know how its model is trained, so nothing was trained.",
            "Have them train it, then release it: docs/foreign.md",
        )
    if content.trained_as != service:
        raise UsageError(
            f"{pin.release}, live at {endpoint} in {ports.name}, is of the service {content.trained_as}, and "
            f"{service} would be trained.",
            "Another service's model is no champion, so nothing was trained.",
            f"Name its service, or another endpoint: --service {content.trained_as}, --endpoint NAME",
        )
    return pin


def _admitted(wish: _Wish) -> Retrain | None:
    """What a dead process left of the endpoint's last retrain, None where nothing is open.

    What is open is asked before the past is read: whoever begins a retrain in between is met when this one is
    put on record.
    """
    ports, endpoint = wish.ports, wish.endpoint
    first = wish.world.stage(wish.world.stages.names[0])
    rolling = [(one, rollouts.found_open(one, endpoint)) for one in (ports, first)]
    settings, now = ports.settings.retrain, ports.clock.now()
    entries = retraining.since(ports.ledger.newest_first(), now - retraining.looks_back(settings))
    past = retraining.fold(entries, endpoint)
    dead = retraining.unended(past)
    if dead is not None and ports.ledger.alive(dead):
        raise retraining.refuse_alive(dead, ports.name)
    gone = retraining.overtaken(wish.about, wish.live.release)
    if why := gone or retraining.why_not(past, settings, wish.occasion, now):
        raise _refused(wish, why)
    for one, found in rolling:
        if found is not None:
            _refuse_rolling(one, endpoint, found, dead)
    standing.insist(first, first.settings.only_endpoint(endpoint), "bring")
    return dead


def _refuse_rolling(ports: StagePorts, endpoint: str, found: OpenRollout, dead: Retrain | None) -> None:
    """Refuse while a rollout is open in the stage, or in the first one, where a better model goes.

    One that a dead process left of the retrain which is taken over is let through: it is gone on with.
    """
    alive = ports.ledger.alive(found)
    if alive or dead is None or not retraining.landed(dead, found.opened.after.live):
        ledger.decide(found, alive, Request("retrain", endpoint, found.subject.release), ports.name)


def _refused(wish: _Wish, why: ReleaseFailed) -> ReleaseFailed:
    """The same error, recorded."""
    subject = Subject(kind="retrain", endpoint=wish.endpoint, release=wish.live.release, rollout="")
    wish.ports.ledger.append(subject, Refused(reasons=(why.cause,)))
    return why


def _begun(wish: _Wish, dead: Retrain | None) -> _Run:
    """The retrain to work on, on record: that of a dead process where it is the same, else a new one.

    Raises ReleaseFailed where there is nothing to learn.
    """
    ports, live = wish.ports, wish.live
    if dead is not None and retraining.landed(dead, live):
        return _taken_over(wish, dead, live.release)
    look = wish.trainer.look(_champion_file(wish))
    if nothing := retraining.nothing_new(look.window, look.about, look.live):
        raise _refused(wish, nothing)
    if dead is not None and retraining.same(dead, live, look.window):
        return _taken_over(wish, dead, None)
    caller = ports.caller()
    asked = Asked(
        by=caller.arn,
        actor=caller.actor,
        occasion=wish.occasion,
        window=look.window,
        champion=live.sha256,
    )
    run = _Run(wish.world, ports, wish.endpoint, rollouts.new_id(), asked, live.release, wish.tell)
    if dead is not None:
        _give_up(run, dead)
    run.record(asked)
    for left in run.folder.parent.glob(f"{ports.name}-{wish.endpoint}-{'?' * len(run.id)}"):
        shutil.rmtree(left, ignore_errors=True)
    return run


def _give_up(run: _Run, dead: Retrain) -> None:
    """End what a dead process left. Raises Held where that has a rollout open, which somebody has to end."""
    for name in {run.ports.name, run.world.stages.names[0]}:
        ports = run.world.stage(name)
        found = rollouts.found_open(ports, run.endpoint)
        if found is not None:
            _refuse_rolling(ports, run.endpoint, found, None)
    gone = "its process died, and another window or champion was asked for"
    replace(run, id=dead.id, champion=dead.champion).record(Ended(outcome="failed", reasons=(gone,)))


def _taken_over(wish: _Wish, dead: Retrain, landed: str | None) -> _Run:
    wish.tell(Event(f"going on with the retrain {dead.id}, whose process is gone"))
    run = _Run(
        wish.world,
        wish.ports,
        wish.endpoint,
        dead.id,
        dead.asked,
        dead.champion,
        wish.tell,
        landed=landed,
        trained=dead.trained,
    )
    run.record(TakenOver())
    return run


def _kept_champion(world: World, release: str) -> Path:
    """Where a champion's model.tar.gz is kept for training beside it."""
    return world.build / "champion" / f"{release}.tar.gz"


def _champion_file(wish: _Wish) -> Path:
    path = _kept_champion(wish.world, wish.live.release)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(champion.model_of(wish.ports, wish.live))
    return path


def _trained(run: _Run, trainer: Trainer) -> Trained:
    """The model, trained and on record; what is there already is not trained again."""
    if run.landed and run.trained:
        return run.trained
    found = _left(run)
    if found is None:
        run.tell(Event(f"training {run.asked.window.model} on {run.asked.window.learns}"))
        champion_file = _kept_champion(run.world, run.champion)
        trainer.train(run.asked.window, champion_file, run.folder, run.tell)
        found = _left(run)
    if found is None:
        raise UsageError(
            f"What was trained in {run.folder} is not complete, or was measured beside another champion.",
            "It is no proof that it is better than what is live, so nothing was released.",
            "Run the same command again.",
        )
    if found != run.trained:
        run.record(found)
    return found


def _left(run: _Run) -> Trained | None:
    """What training left in the folder, measured beside the champion; None where that is not all."""
    if not all((run.folder / name).is_file() for name in composing.FILES):
        return None
    evidence = parse_json((run.folder / EVIDENCE).read_bytes(), EVIDENCE)
    try:
        if evidence["source"]["champion_sha256"] != run.asked.champion:
            return None
        return Trained(sha256=evidence["model"]["sha256"], gates=evidence["gates"])
    except (KeyError, TypeError, ValueError):  # it is no evidence that a release would take
        return None


def _refuse_overtaken(run: _Run, trained: Trained) -> None:
    """Refuse where something else than the champion is live by now: nobody knows whether this is better."""
    ports = run.world.stage(run.ports.name)
    standing.insist(ports, run.endpoint, "source")
    live = rollouts.settings_of(ports, run.endpoint).pins.live
    if live is None or live.sha256 not in (run.asked.champion, trained.sha256):
        raise UsageError(
            f"While it was trained beside {run.champion}, {live.release if live else 'nothing'} became live "
            f"at {run.endpoint} in {ports.name}.",
            "Whether it is better than that nobody has measured, so nothing was released.",
            "Run the same command again.",
        )


def _released(run: _Run, trained: Trained) -> str:
    """The release, live in the first stage. What is live already needs no folder, and at most its rest."""
    first = run.world.stages.names[0]
    if run.landed is None:
        _refuse_overtaken(run, trained)
        return release.release(run.world, release.Order(run.folder, first, run.endpoint), run.tell).release
    ports = run.world.stage(first)
    left = rollouts.found_open(ports, run.endpoint)
    if left is not None and left.opened.after.live is not None:
        land(ports, "release", run.endpoint, left.opened.after.live, Grounds(), run.tell)
    return run.landed
