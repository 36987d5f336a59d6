"""Judged rollouts in memory: a stage whose policy decides within seconds, and what was done there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from release.domain.ledger import Judged, OpenRollout
from release.domain.manifest import Foreign
from release.domain.orders import Order, Wish
from release.domain.pins import Capture, ReleasePin, Strategy
from release.operations.land import Grounds, Landed, land
from tests.fakes.trouble import Crash
from tests.fakes.world import EPOCH, FakeStage, Told
from tests.release.scenes import ENDPOINT, NAME, begin, config_of, serving

STEPS = (5, 50)
QUICK = {"strategy": "judged", "steps": STEPS, "step_seconds": 0, "bake_seconds": 0, "hold_seconds": 60}
COUNT = 3
"""Instances of live, as autoscaling chose them."""
STEP = ["moving", "verifying", "judging", "judged"]
BACK = ["reverting", "restoring", "reverted"]
WEIGHTS, UPDATE = "UpdateEndpointWeightsAndCapacities", "UpdateEndpoint"


def stage(
    live: int | None = 0,
    fewest: int = 1,
    foreign: Foreign | None = None,
    capture: Capture | None = None,
    **rollout: Any,
) -> FakeStage:
    """A stage that rolls out judged, with three instances of live; a canary needs two at the `fewest`.

    What serves there is ours, or `foreign`.
    """
    instances = {"min": fewest, "max": 4}
    found = serving(live, rollout=QUICK | rollout, instances=instances, foreign=foreign, capture=capture)
    if live is not None:
        found.sagemaker.endpoints[NAME].count = COUNT
    return found


def promote(
    found: FakeStage,
    pin: ReleasePin | None = None,
    told: Told | None = None,
    strategy: Strategy | None = None,
) -> Landed:
    """Promote the second release there (or `pin`)."""
    new = found.pin(2) if pin is None else pin
    return land(found.ports(), "promote", ENDPOINT, new, Grounds(strategy=strategy), told or Told())


def model_of(pin: ReleasePin) -> str:
    """The model of a release in SageMaker."""
    return config_of(pin).production[0].model_name


def judged(found: FakeStage) -> list[Judged]:
    """What the ledger says of watched steps."""
    return [s.entry.what for s in found.ledger.stored if isinstance(s.entry.what, Judged)]


def kept(found: FakeStage, kind: str) -> list[str]:
    """The lines that were kept of the last rollout."""
    return list(found.evidence.kept(found.ledger.stored[-1].entry.subject.rollout, kind))


def order(found: FakeStage, wish: Wish, reason: str = "") -> None:
    """Somebody gives an order to the open rollout."""
    rollout = opened(found)
    found.evidence.orders[rollout.id] = Order(
        wish=wish, by="ada on ci-1", at=found.clock.now(), reason=reason
    )


def opened(found: FakeStage) -> OpenRollout:
    """The rollout that is open."""
    rollout = found.ledger.current
    assert rollout is not None, "nothing is open"
    return rollout


def at_second(found: FakeStage, second: float, do: Callable[[], object]) -> None:
    """Once, as soon as the clock shows `second` and something is asked of a port: do something."""
    done: list[bool] = []

    def watch() -> None:
        if not done and found.clock.now() >= EPOCH + timedelta(seconds=second):
            done.append(True)
            do()

    found.trouble.watch.append(watch)


def where(found: FakeStage, phase: str, step: int, do: Callable[[], object]) -> None:
    """Once, at the first moment after the ledger says that the rollout came there: do something."""
    done: list[bool] = []

    def watch() -> None:
        rollout = found.ledger.current
        if not done and rollout is not None and (rollout.phase, rollout.step) == (phase, step):
            done.append(True)
            do()

    found.trouble.watch.append(watch)


def killed_at(found: FakeStage, moment: int, run: Callable[[], object]) -> bool:
    """Run it, and kill its process at a moment; whether it came to that. Then another process is there."""

    def die() -> None:
        raise Crash

    found.trouble.plan(moment, die)
    try:
        run()
    except Crash:
        found.trouble.plan(None, None)
        found.new_process()
        return True
    found.trouble.plan(None, None)
    return False


def taken_back(found: FakeStage, pin: ReleasePin | None = None, told: Told | None = None) -> str:
    """Why a promotion was taken back."""
    from release.domain.errors import ReleaseFailed

    with pytest.raises(ReleaseFailed) as caught:
        promote(found, pin, told)
    return caught.value.cause


def opened_without_policy(found: FakeStage) -> OpenRollout:
    """A rollout as an earlier version opened it."""
    begin(found, found.pin(2))
    return opened(found)


def events(found: FakeStage) -> list[str]:
    """What the ledger says, oldest first."""
    return [str(event) for event in found.ledger.events]


def traffic_calls(found: FakeStage) -> list[str]:
    """What was recorded of steps, and asked of SageMaker, in its order."""
    wanted = {WEIGHTS, UPDATE, "ledger: moving", "ledger: judged", "ledger: reverting", "ledger: restoring"}
    return [call for call in found.trouble.calls if call in wanted]


def after(found: FakeStage, call: str) -> list[str]:
    """What was asked of ports from this call on."""
    return found.trouble.calls[found.trouble.calls.index(call) :]
