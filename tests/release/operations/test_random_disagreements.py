"""Random sequences of commands, outside changes and deaths: what the errors name leads to a whole stage.

No endpoint is ever deleted by a command, what is promoted is what the ledger's last rollout left, and no hold
stays that no named command ends.
"""

from collections import Counter
from random import Random

from release.domain import state
from release.domain.errors import SlipwayError
from release.domain.pins import EndpointSettings
from release.domain.state import Standing
from release.operations import standing
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.operations.status import status
from tests.examples import repeats
from tests.fakes.trouble import Crash, crash
from tests.fakes.world import FakeStage, FakeWorld, Told
from tests.release.operations.following import Follow
from tests.release.scenes import NAME, config_of, pins_now, serving

STEPS, PATIENCE = 6, 12
CHANGES = ("file", "moved", "gone", "config", "image", "artifact", "entry", "nothing")


class Life:
    """A stage between two others, and everything that happens to it."""

    def __init__(self, seed: int, follow: Follow) -> None:
        self.random, self.follow = Random(seed), follow  # noqa: S311 - lives, not secrets
        self.dev, self.prod = serving(2, 0, stage="dev"), FakeStage("prod", {"delays": EndpointSettings()})
        self.after = serving(None, None, stage="after")
        self.world = FakeWorld(self.dev, self.prod, self.after)
        self.seen: Counter[str] = Counter()
        self.numbers = 10
        for _ in range(3):
            self.new_release()
            self.begun(lambda: promote(self.world, Order("prod"), Told()))
        self.files = [self.prod.file.endpoints["delays"]]

    def new_release(self) -> None:
        self.numbers += 1
        live = self.dev.file.endpoints["delays"]
        self.dev.file.endpoints["delays"] = live.model_copy(update={"live": self.dev.pin(self.numbers)})

    def begun(self, command) -> SlipwayError | None:
        self.prod.new_process()
        self.prod.ledger.over_damage = False
        try:
            command()
        except SlipwayError as error:
            return error
        except Crash:
            self.seen["died"] += 1
        return None

    def outside(self) -> None:
        """Somebody changes one thing behind the others' backs."""
        aws, pins = self.prod.sagemaker, pins_now(self.prod)
        self.files.append(self.prod.file.endpoints["delays"])
        match self.random.choice(
            ["file", "moved", "gone", "config", "image", "artifact", "entry", "nothing"]
        ):
            case "file":
                self.prod.file.endpoints["delays"] = self.random.choice(self.files)
            case "moved" if NAME in aws.endpoints and aws.endpoints[NAME].target is None:
                aws.endpoints[NAME].config = self.random.choice(list(aws.configs.values()))
            case "gone":
                aws.endpoints.pop(NAME, None)
            case "config" if pins.previous:
                aws.configs.pop(config_of(pins.previous).name, None)
            case "image" if pins.previous:
                self.dev.registry.images.add(pins.previous.digest)  # another stage has it
                self.prod.registry.images.discard(pins.previous.digest)
            case "artifact" if pins.previous:
                body = self.prod.artifacts.models.pop(pins.previous.model, None)
                if body is not None:
                    self.prod.artifacts.versions[pins.previous.model] = body
            case "entry":
                self.prod.ledger.unreadable.add(self.random.randint(1, len(self.prod.ledger.stored)))

    def command(self) -> None:
        """One command, perhaps killed half-way; what it promotes from prod is what the ledger left."""
        kind = self.random.choice(["promote", "rollback", "apply", "from"])
        known = standing.facts(self.prod.ports(), "delays")
        if self.random.random() < 0.3:
            self.prod.trouble.plan(self.random.randint(1, 40), crash)
        match kind:
            case "promote":
                self.new_release()
                self.begun(lambda: promote(self.world, Order("prod"), Told()))
            case "rollback":
                self.begun(lambda: rollback(self.world, "prod", None, Told()))
            case "apply":
                self.begun(lambda: apply(self.world, "prod", None, Told()))
            case _:
                died = self.seen["died"]
                error = self.begun(lambda: promote(self.world, Order("after"), Told()))
                if error is None and self.seen["died"] == died and known.left and known.left.live:
                    moved = self.after.file.pins("delays").live
                    assert moved is not None
                    assert moved.release == known.left.live.release, "another release was promoted"
        self.prod.trouble.plan(None, None)

    def mended(self) -> None:
        """Only by what status and the errors name: a whole stage again."""
        for _ in range(PATIENCE):
            self.prod.new_process()
            self.prod.ledger.over_damage = False
            [line] = status(self.world, ["prod"])
            self.seen.update(self._standings())
            if line.rollout:
                error = self.begun(lambda: rollback(self.world, "prod", None, Told()))
                if error is None or "did not land" in str(error):
                    continue
            elif not line.disagreements:
                return
            else:
                error = SlipwayError(line.disagreements[-1])
            self.prod.new_process()
            self.prod.ledger.over_damage = False
            self.follow.all_of(self.world, error)
        raise AssertionError(f"nothing that was named ended it: {line}")

    def _standings(self) -> list[str]:
        asked = standing.facts(self.prod.ports(), "delays", damage=self.prod.ledger.damage())
        return [found.value for found in state.standings(asked)]


def test_whatever_happens_what_is_named_leads_to_a_whole_stage(follow: Follow) -> None:
    seen: Counter[str] = Counter()
    for seed in range(repeats(200, 40)):
        life = Life(seed, follow)
        try:
            for _ in range(STEPS):
                life.outside()
                life.command()
                life.mended()
                assert "DeleteEndpoint" not in life.prod.trouble.calls
                life.prod.ledger.unreadable.clear()
        except BaseException as error:
            error.add_note(f"in the life of seed {seed}")
            raise
        seen += life.seen
    provoked = {Standing.DAMAGED, Standing.OPEN, Standing.STALE, Standing.GONE, Standing.MOVED}
    assert provoked <= seen.keys(), seen
