"""Lives of a stage: commands that are killed, fail and are started twice at any moment, in memory.

What has to hold is asked at every moment of every command, and of the whole stage after each that ended.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from itertools import islice
from random import Random

from release.domain import chain, moves, names, plan
from release.domain.errors import Held, ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import WAY_BACK, Closed, End, Judged, Opened, OpenRollout, Phase
from release.domain.pins import EndpointSettings, Instances, ReleasePin, RolloutSettings, is_burstable
from release.domain.plan import Split
from release.operations.apply import apply
from release.operations.land import Grounds, land
from release.operations.rollback import rollback
from release.ports import Event
from release.rollout.watching import ALONE, BESIDE
from tests.fakes.sagemaker import Endpoint
from tests.fakes.trouble import Crash, crash, fault
from tests.fakes.world import FakeStage, FakeWorld

ENDPOINT, STAGE = "delays", "prod"
NAME = names.endpoint(ENDPOINT, STAGE)
TYPES = ("ml.m7i.large", "ml.c7i.large", "ml.t3.large")
MOMENTS = {"judged": 260, "shadow": 320}
"""No command has more moments than this, or 60; a trouble planned later never comes."""
STEPS = (5, 50)
SHARES = {"judged": (0, *STEPS, 100), "shadow": (0, 0, *STEPS, 100)}
"""The most that the candidate may get at each step of a judged strategy, in per cent."""
BOUNDS = Instances(max=4)

Command = Callable[[], object]


def quiet(event: Event) -> None:
    """Nobody listens."""


class Life:
    """One stage and everything that happens to it, decided by `random`."""

    def __init__(self, random: Random, strategy: str, splits: tuple[Split, ...] = ()) -> None:
        self.random = random
        rollout = RolloutSettings.model_validate(
            {"strategy": strategy, "steps": STEPS, "step_seconds": 0, "bake_seconds": 0, "hold_seconds": 60}
        )
        self.moments = MOMENTS.get(strategy, 60)
        self.stage = FakeStage(STAGE, {ENDPOINT: EndpointSettings(rollout=rollout, instances=BOUNDS)}, splits)
        self.world = FakeWorld(self.stage)
        self.pins = [self.stage.pin(number) for number in range(6)]
        self.strategy = strategy
        self.count = 1
        """Instances of live, as autoscaling chose them."""
        self.bad: dict[str, str] = {}
        """Releases that must not land, and what is wrong with them."""
        self.caught: Counter[str] = Counter()
        """How often something bad did not land, by what was wrong."""
        self.landed = False
        self.runs = 0
        self.troubles = 0
        self._told = 0
        self.stage.trouble.watch.append(self.always)

    def always(self) -> None:
        """At every moment: what serves is whole, and what a pin or the way back names is there."""
        aws = self.stage.sagemaker
        endpoint = aws.endpoints.get(NAME)
        if self.landed:
            assert endpoint is not None, "the endpoint was deleted"
            assert endpoint.status != "Failed"
            for config in endpoint.serving:
                assert config in aws.configs, f"{config} serves and was deleted"
                for variant in aws.configs[config].production:
                    assert variant.model_name in aws.models, f"{variant.model_name} serves and was deleted"
            self._candidate_has_its_share(endpoint)
        for pin in self._way_back():
            config = plan.config_plan(STAGE, ENDPOINT, pin)
            assert config.name in aws.configs, f"the config of {pin.release} was deleted"
            assert config.production[0].model_name in aws.models, f"the model of {pin.release} was deleted"

    def _candidate_has_its_share(self, endpoint: Endpoint) -> None:
        """No more traffic than its step on record gives it, and a fleet to bear it; live keeps its own."""
        assert endpoint.live_count == self.count, "live lost instances that autoscaling gave it"
        share = endpoint.weights.get(names.CANDIDATE, 0)
        found = self.stage.ledger.current
        if not share or found is None:
            return
        if found.phase in WAY_BACK:
            self._no_traffic_where_it_is_left(endpoint, found)
            return
        assert found.phase in {Phase.MOVING, Phase.VERIFYING, Phase.JUDGING}
        assert share in STEPS
        assert share <= SHARES[self.strategy][found.step], "more traffic than is on record"
        fleet = endpoint.counts.get(names.CANDIDATE, endpoint.config.production[1].capacity)
        assert fleet >= plan.fleet(self.count, int(share)), "more traffic than its fleet can bear"
        assert endpoint.scale_in_held or NAME not in self.stage.sagemaker.targets, "live can lose instances"

    def _no_traffic_where_it_is_left(self, endpoint: Endpoint, found: OpenRollout) -> None:
        """The way back takes a long update: the candidate's traffic is gone before that begins."""
        before, after = found.opened.before.live, found.opened.after.live
        assert before is not None
        assert after is not None
        back, on = (plan.config_plan(STAGE, ENDPOINT, pin).name for pin in (before, after))
        if endpoint.target is not None and back != on:
            assert endpoint.target.name != back, "the candidate has traffic while live alone is waited for"

    def _way_back(self) -> list[ReleasePin]:
        if not self.landed:
            return []
        found = self.stage.ledger.current
        if found is None:
            pins = self._settings().pins
            return [pin for pin in (pins.live, pins.previous) if pin]
        before, after = found.opened.before, found.opened.after
        match found.phase:
            case Phase.RECONCILING:
                # The pins changed role: what was previous before is named no more, nor a fleet's old shape.
                return [pin for pin in (after.live, after.previous) if pin]
            case Phase.REVERTING | Phase.RESTORING:
                again = before.live and after.live and before.live.release == after.live.release
                return [before.live] if before.live and not again else []
            case _:
                return [pin for pin in (before.live, before.previous) if pin]

    def whole(self) -> None:
        """Between commands: pins, stack, SageMaker and ledger say the same."""
        pins, aws = self._settings().pins, self.stage.sagemaker
        wanted = plan.endpoint_plan(STAGE, ENDPOINT, pins)
        assert pins.candidate is None
        endpoint = aws.endpoints.get(NAME)
        assert (endpoint.config if endpoint else None) == wanted.live
        assert endpoint is None or (endpoint.status, endpoint.target) == ("InService", None)
        assert endpoint is None or not endpoint.scale_in_held
        scales = endpoint is not None and not is_burstable(endpoint.config.production[0].instance_type)
        assert aws.targets == aws.policies == ({NAME} if scales else set()), "autoscaling is not as it was"
        assert set(aws.configs) == {config.name for config in wanted.configs}
        assert set(aws.models) == {model.name for model in wanted.models}
        assert chain.broken_link(self.stage.ledger.stored) is None
        self._fenced()
        assert self.stage.ledger.current is None

    def _fenced(self) -> None:
        """Whatever died when: what did not land, and what a rollback left, is fenced by that very rollout."""
        opened: dict[str, Opened] = {}
        for entry in (stored.entry for stored in self.stage.ledger.stored):
            subject, what = entry.subject, entry.what
            if isinstance(what, Opened):
                opened[subject.rollout] = what
            if not isinstance(what, Closed):
                continue
            before = opened[subject.rollout].before.live
            same = before is not None and before.release == subject.release
            bad = {subject.release} if what.event is End.REVERTED and not same else set()
            bad |= {before.release} if before and subject.kind == "rollback" and not same else set()
            assert bad <= self.stage.fences.standing, f"{subject.kind} {subject.rollout} fenced too little"

    def live_on(self, at: int | None = None) -> None:
        """One more command, with whatever goes wrong (first at moment `at`), until the stage is at rest."""
        self._scale()
        command, takes_back = self._choose()
        while True:
            self._trouble(command, at)
            at = None
            ended = self._attempt(command)
            self.stage.trouble.plan(None, None)
            self.landed = self.landed or self._at_rest_with_a_release()
            if ended:
                break
            if takes_back and self.random.random() < 0.3:
                command = self._rollback
        self.stage.sagemaker.never.clear()
        self.stage.sagemaker.wrong.clear()
        self.stage.evidence.sick.clear()
        self.bad.clear()
        self.whole()

    def _scale(self) -> None:
        """Autoscaling chose another number of instances since the last command."""
        endpoint = self.stage.sagemaker.endpoints.get(NAME)
        self.count = self.random.randint(1, 4) if endpoint else 1
        if endpoint:
            endpoint.count, endpoint.counts = self.count, {}

    def _told_truly(self) -> None:
        """What the ledger says since last time: nothing bad landed, and the evidence of verdicts was kept."""
        stored = self.stage.ledger.stored
        for entry in (found.entry for found in stored[self._told :]):
            wrong = self.bad.get(entry.subject.release) if entry.subject.kind == "promote" else None
            match entry.what:
                case Closed(event=End.LANDED):
                    assert wrong is None, f"a release that is {wrong} landed"
                case Closed(event=End.REVERTED) if wrong:
                    self.caught[wrong] += 1
                case Judged() as what:
                    kind = ALONE if what.share == 100 else BESIDE
                    kept = islice(self.stage.evidence.kept(entry.subject.rollout, kind), what.windows)
                    lines = "".join(f"{line}\n" for line in kept)
                    assert hashlib.sha256(lines.encode()).hexdigest() == what.sha256, "evidence was lost"
        self._told = len(stored)

    def _choose(self) -> tuple[Command, bool]:
        """A command, and whether a rollback may take it back when it died."""
        settings = self._settings()
        kinds = ["land"] * 4 + (["rollback"] * 2 if settings.previous else [])
        kinds += ["apply"] if settings.live else []
        match self.random.choice(kinds):
            case "rollback":
                return self._rollback, True
            case "apply":
                changed = settings.instances.model_copy(update={"type": self.random.choice(TYPES)})
                self.stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"instances": changed})
                return lambda: apply(self.world, STAGE, ENDPOINT, quiet), True
            case _:
                pin = self.random.choice(self.pins)
                self._spoil(pin)
                return self._landing(pin), True

    def _spoil(self, pin: ReleasePin) -> None:
        """Half of the new releases are bad: they never come up, or answer wrongly."""
        live = self._settings().pins.live
        if self.random.random() < 0.5 or (live is not None and live.release == pin.release):
            return
        after = moves.after_rollout(self._settings(), pin, self.count if live else None, NAME).live
        assert after is not None
        config = plan.config_plan(STAGE, ENDPOINT, after)
        # Who asks no judge does not see what is answered with an error now and then.
        kinds = ["never", "wrong", "sick"] if self.strategy in SHARES else ["never", "wrong"]
        kind = self.bad[pin.release] = self.random.choice(kinds)
        match kind:
            case "never":
                self.stage.sagemaker.never.add(config.name)
            case "wrong":
                self.stage.sagemaker.wrong.add(config.production[0].model_name)
            case _:
                self.stage.evidence.sick.add(config.production[0].model_name)

    def _landing(self, pin: ReleasePin) -> Command:
        return lambda: land(self.stage.ports(), "promote", ENDPOINT, pin, Grounds(), quiet)

    def _rollback(self) -> object:
        return rollback(self.world, STAGE, ENDPOINT, quiet)

    def _trouble(self, command: Command, at: int | None) -> None:
        come = self.random.choice([None, crash, crash, fault, lambda: self._double(command)])
        self.stage.trouble.plan(at or self.random.randint(1, self.moments), come)

    def _attempt(self, command: Command) -> bool:
        """One process that runs the command; whether the stage is at rest after it."""
        self.stage.new_process()
        self.runs += 1
        try:
            return self._carried_out(command)
        finally:
            self._told_truly()

    def _carried_out(self, command: Command) -> bool:
        try:
            command()
        except (ReleaseFailed, UsageError):
            return True
        except (Crash, ServiceError):
            self.troubles += 1
            return False
        except Held:
            # The stage is a dead rollout's, and this command another: only that one, or a rollback, goes on.
            return False
        return True

    def _double(self, command: Command) -> None:
        """The same command is started a second time while the first one works."""
        first, living = self.stage.ledger.owner, set(self.stage.ledger.living)
        self.stage.ledger.owner = first.model_copy(update={"pid": first.pid + 1000})
        self.stage.ledger.living.add(first.pid + 1000)
        try:
            command()
        except (ServiceError, ReleaseFailed, UsageError, Held):
            self.troubles += 1
        finally:
            self.stage.ledger.owner, self.stage.ledger.living = first, living

    def _at_rest_with_a_release(self) -> bool:
        return self.stage.ledger.current is None and self._settings().live is not None

    def _settings(self) -> EndpointSettings:
        return self.stage.file.endpoints[ENDPOINT]
