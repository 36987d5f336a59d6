"""Promise 4 with the real engine, sandbox and servers: killed, failed, doubled at random, in every strategy.

Callers ask all the while, and each has its answer. `make test-troubles LIVES=40` for more lives than
`make test-long` has; a life is its seed.
"""

import os
import time
from collections.abc import Callable, Mapping
from random import Random

import pytest

from demo.callers import calling
from demo.project import TOLERANT, change_stage
from release.domain import names
from release.rollout.strategies import STRATEGIES
from tests.end_to_end.world import SKIP, World, ends_within, kill_group, kill_process

pytestmark = [pytest.mark.sandbox, pytest.mark.kill, pytest.mark.long]

LIVES = int(os.environ.get("SLIPWAY_TEST_LIVES", "3"))
TROUBLES = 6
"""In each life, before it may come to its end in peace."""
LONGEST = 14.0
"""Seconds after which a command is killed at the latest."""
PEACE = 6
"""Times that a command is given again, at most, until nothing is open any more."""
RATE = 100.0
STAGE = "prod"
NAME = names.endpoint("delays", STAGE)
ROLLOUT = {
    "strategy": "judged",
    "allow": list(STRATEGIES),
    "steps": [50],
    "step_seconds": 5,
    "hold_seconds": 3_600,
    "bake_seconds": 5,
}
FAULTS: tuple[Mapping[str, object], ...] = (
    {"kind": "fail_aws", "service": "sagemaker", "code": "ThrottlingException", "rate": 0.3},
    {"kind": "fail_aws", "service": "sagemaker", "code": "InternalFailure", "rate": 0.2},
    {"kind": "fail_aws", "service": "s3", "code": "SlowDown", "rate": 0.2},
    {"kind": "fail_aws", "service": "logs", "code": "ThrottlingException", "rate": 0.5},
    {"kind": "eventual_consistency", "service": "sagemaker", "seconds": 3},
    {"kind": "silent_rollback", "endpoint": NAME},
    {"kind": "insufficient_capacity", "endpoint": NAME},
    {"kind": "no_last_deployment_config", "endpoint": NAME},
)


class Life:
    """A stage in which releases are promoted by one strategy, with troubles from one seed."""

    def __init__(self, world: World, fresh: Callable[[], str], strategy: str, seed: int) -> None:
        self.world = world
        self._fresh = fresh
        pins = world.endpoint(STAGE).pins
        self.releases = {fresh(), *(pin.release for pin in (pins.live, pins.previous) if pin)}
        self.promote = ("promote", "dev", STAGE, *SKIP, "--strategy", strategy)
        self.random = Random(seed)  # noqa: S311 - lives, not secrets
        self.told: list[str] = []
        self._known = world.entries(STAGE)

    def trouble(self) -> None:
        """One of them, and what must be true of the stage whatever it was."""
        kinds: list[Callable[[], str]] = [self._killed, self._killed, self._killed, self._failing]
        self.told.append(self.random.choice([*kinds, self._doubled, self._taken_back])())
        self._whole()
        if self.world.ports(STAGE).ledger.open() is None:
            # The last one has landed, or is fenced: the next trouble needs another.
            self.releases.add(self._fresh())

    def peace(self) -> None:
        """The same command until nothing is open; then the stage serves what its pins name."""
        self.world.sandbox.clear_faults()
        for _ in range(PEACE):
            done = self.world.slipway(*self.promote, expected=None)
            self.told.append(f"in peace: exit {done.code} {done.result.get('error', '')[:160]}")
            if self.world.ports(STAGE).ledger.open() is None:
                break
        self._whole()
        self.world.assert_at_rest(STAGE, serves=self._live())

    def _killed(self) -> str:
        kill, seconds = self.random.choice([kill_group, kill_process]), self.random.uniform(0.3, LONGEST)
        process = self.world.start(*self.promote, "--json")
        if not ends_within(process, seconds):
            kill(process)
            return f"{kill.__name__} after {seconds:.1f} s"
        return f"ended by itself with {self.world.ended(process, expected=None).code}"

    def _failing(self) -> str:
        fault = self.random.choice(FAULTS)
        self.world.sandbox.ask("POST", "faults", dict(fault))
        killed = self._killed()
        self.world.sandbox.clear_faults()
        return f"{fault}, {killed}"

    def _doubled(self) -> str:
        pair = [self.world.start(*self.promote, "--json") for _ in range(2)]
        return f"doubled: {[self.world.ended(process, expected=None).code for process in pair]}"

    def _taken_back(self) -> str:
        process = self.world.start(*self.promote, "--json")
        time.sleep(self.random.uniform(0.3, LONGEST))
        back = self.world.slipway("rollback", STAGE, expected=None)
        return f"rollback {back.code} beside {self.world.ended(process, expected=None).code}"

    def _live(self) -> str:
        live = self.world.endpoint(STAGE).live
        assert live is not None
        return live.release

    def _whole(self) -> None:
        """It serves, its pins name a release that was meant to be there, and its ledger has lost nothing."""
        assert self.world.describe(STAGE)["EndpointStatus"] in {"InService", "Updating", "SystemUpdating"}
        assert self._live() in self.releases
        entries = self.world.entries(STAGE)
        assert entries[: len(self._known)] == self._known
        self._known = entries


@pytest.fixture(scope="module")
def prod(world, fresh):
    """A stage that serves a release, and in which every strategy is allowed from now on."""
    for _ in range(2):
        fresh()
        world.slipway("promote", "dev", STAGE, *SKIP)
    change_stage(world.project, STAGE, ROLLOUT, TOLERANT)


@pytest.mark.parametrize("seed", range(LIVES))
def test_whatever_happens_somebody_serves_and_nothing_is_lost(world, fresh, prod, seed):
    strategies = sorted(STRATEGIES)
    life = Life(world, fresh, strategies[seed % len(strategies)], seed)
    with calling(world.env["AWS_ENDPOINT_URL"], NAME, RATE) as seen:
        try:
            for _ in range(TROUBLES):
                life.trouble()
            life.peace()
        finally:
            print(f"life {seed}, {life.promote[-1]}:", *life.told, sep="\n  ")
    assert seen.failures == []
    world.assert_no_changes(STAGE, refresh=False)
