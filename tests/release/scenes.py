"""Stages in memory that serve something already, and rollouts that just began there."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest

from release.domain import moves, names, plan
from release.domain.ledger import Kind, Opened, OpenRollout, Phase, Subject
from release.domain.manifest import Foreign
from release.domain.pins import Capture, EndpointSettings, Pins, ReleasePin
from release.domain.plan import ConfigPlan, Split
from release.rollout import runner
from release.rollout.runner import Ended
from tests.fakes.trouble import Crash
from tests.fakes.world import FakeStage, Told

STAGE, ENDPOINT = "prod", "delays"
NAME = names.endpoint(ENDPOINT, STAGE)


def serving(
    live: int | None = 0,
    previous: int | None = 1,
    stage: str = STAGE,
    splits: tuple[Split, ...] = (),
    schema: Mapping[str, Any] | None = None,
    foreign: Foreign | None = None,
    capture: Capture | None = None,
    runtime: Literal["process", "container"] = "process",
    **settings: Any,
) -> FakeStage:
    """A stage that serves its `live`-th release; whatever happens there, what serves must not be deleted."""
    found = FakeStage(stage, {}, splits)
    found.runtime = runtime
    pins = {
        role: found.pin(number, schema=schema, foreign=foreign).model_copy(update={"capture": capture})
        for role, number in (("live", live), ("previous", previous if live is not None else None))
        if number is not None
    }
    rollout = {"strategy": "all-at-once", **settings.pop("rollout", {})}
    found.file.endpoints[ENDPOINT] = EndpointSettings.model_validate(
        settings | pins | {"rollout": rollout, "capture": capture}
    )
    found.stack.up()
    found.trouble.calls.clear()
    found.stack.ups = 0
    found.trouble.watch.append(lambda: nothing_that_serves_is_gone(found))
    return found


def nothing_that_serves_is_gone(stage: FakeStage) -> None:
    """Every config and model that may take a request now exists."""
    aws = stage.sagemaker
    for endpoint in aws.endpoints.values():
        for name in endpoint.serving if endpoint.status != "Failed" else ():
            assert name in aws.configs, f"{name} serves and was deleted"
            for variant in aws.configs[name].production:
                assert variant.model_name in aws.models, f"{variant.model_name} serves and was deleted"


def begin(stage: FakeStage, pin: ReleasePin | None = None, kind: Kind = "promote") -> OpenRollout:
    """A rollout of `pin` (None: a rollback) that is opened, and nothing more."""
    settings = pins_now(stage)
    after = (
        moves.after_rollout(stage.file.endpoints[ENDPOINT], pin, 1, NAME)
        if pin
        else moves.after_rollback(settings)
    )
    assert after.live is not None
    subject = Subject(
        kind=kind if pin else "rollback", endpoint=ENDPOINT, release=after.live.release, rollout="r1"
    )
    rollout = stage.file.endpoints[ENDPOINT].rollout
    stage.ledger.open()
    stage.ledger.append(subject, Opened(before=settings, after=after, rollout=rollout))
    stage.trouble.calls.clear()
    return opened(stage)


def opened(stage: FakeStage) -> OpenRollout:
    """The rollout that is open."""
    found = stage.ledger.current
    assert found is not None, "nothing is open"
    return found


def run(stage: FakeStage) -> Ended:
    """Bring the open rollout to its end, or to where it fails."""
    return runner.run(stage.ports(), opened(stage), Told())


def pins_now(stage: FakeStage) -> Pins:
    """The pins in the stage's file."""
    return stage.file.endpoints[ENDPOINT].pins


def config_of(pin: ReleasePin | None, stage: str = STAGE) -> ConfigPlan:
    """The config in which a release serves alone."""
    assert pin is not None
    return plan.config_plan(stage, ENDPOINT, pin)


def serves(stage: FakeStage) -> ConfigPlan | None:
    """What SageMaker serves; nothing is under way."""
    found = stage.sagemaker.endpoints.get(names.endpoint(ENDPOINT, stage.name))
    assert found is None or found.target is None
    return found.config if found else None


def killed_when(stage: FakeStage, so: Callable[[], object], work: Callable[[], object]) -> None:
    """Do `work` in a process that is killed as soon as `so()` is true; then another process is there."""

    def die() -> None:
        if so():
            raise Crash

    stage.trouble.watch.append(die)
    with pytest.raises(Crash):
        work()
    stage.trouble.watch.remove(die)
    stage.new_process()


def killed_at(stage: FakeStage, phase: Phase, work: Callable[[], object]) -> None:
    """As `killed_when`, as soon as `phase` is on record."""
    killed_when(stage, lambda: stage.ledger.current and stage.ledger.current.phase is phase, work)


def at_call(stage: FakeStage, call: str, do: Callable[[], object]) -> None:
    """Once, at the moment before `call`: do something."""
    done: list[bool] = []

    def watch() -> None:
        if not done and stage.trouble.calls[-1:] == [call]:
            done.append(True)
            do()

    stage.trouble.watch.append(watch)


def as_before(stage: FakeStage, before: Pins) -> None:
    """It was taken back: what served serves, the pins are as they were, nothing of the candidate stays."""
    assert pins_now(stage) == before
    assert serves(stage) == (config_of(before.live) if before.live else None)
    assert set(stage.sagemaker.configs) == {config_of(pin).name for pin in before.named}
    assert stage.ledger.current is None


def sure(pin: ReleasePin | None) -> ReleasePin:
    """A pin that is there."""
    assert pin is not None
    return pin
