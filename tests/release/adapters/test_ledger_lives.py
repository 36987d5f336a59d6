"""What is open in a ledger, whatever its rollouts did to each other: held to a plain model, step by step."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import ledger, names
from release.domain.experiment import Concluded, Experiment
from release.domain.ledger import Closed, End, Entered, Opened, Payload, Phase, Resumed, Stored, Subject
from tests.examples import examples
from tests.release.adapters.ledgers import REFUSED, key, process
from tests.release.adapters.s3 import FakeS3
from tests.release.examples import AT, NEW, OLD, OWNER, pins

COMPARES = Opened(
    before=pins(OLD),
    after=pins(NEW, OLD),
    experiment=Experiment(outcome="on_time", base=0.2, minimum=0.02),
)
RUNS = Entered(event=Phase.EXPERIMENTING, step=2)
ENDS = Concluded(keep="live", because="no")
REVERTS = Entered(event=Phase.REVERTING, step=2)
CLOSES = (Closed(event=End.LANDED), Closed(event=End.REVERTED))
AT_WORK: tuple[Payload, ...] = (
    Entered(event=Phase.MOVING, step=1),
    Entered(event=Phase.JUDGING, step=1),
    RUNS,
    Resumed(),
    *CLOSES,
)
RESTS: tuple[Payload, ...] = (ENDS, REVERTS, Resumed(), *CLOSES)


@dataclass
class Life:
    """One endpoint's rollouts, one after the other: a model of the one that is open."""

    endpoint: str
    begun: int = 0
    phase: Phase | None = None
    """None: nothing is open."""
    step: int = 0
    concluded: bool = False

    @property
    def id(self) -> str:
        return f"{self.endpoint}{self.begun}"

    @property
    def rests(self) -> bool:
        return self.phase is Phase.EXPERIMENTING and not self.concluded

    @property
    def state(self) -> tuple[str, Phase | None, int, bool]:
        return self.id, self.phase, self.step, self.rests

    def choices(self) -> tuple[Payload, ...]:
        if self.phase is None:
            return (COMPARES,)
        return RESTS if self.rests else AT_WORK

    def goes(self, what: Payload) -> Subject:
        """To where `what` brings it; what its entry is about."""
        match what:
            case Opened():
                self.begun += 1
                self.phase, self.step, self.concluded = Phase.OPENED, 0, False
            case Entered():
                self.phase, self.step = Phase(what.event), what.step
            case Concluded():
                self.concluded = True
        subject = Subject(kind="experiment", endpoint=self.endpoint, release=NEW, rollout=self.id)
        if isinstance(what, Closed):
            self.phase = None
        return subject


@dataclass
class Stage:
    """A bucket, and what its ledger has to say."""

    s3: FakeS3 = field(default_factory=FakeS3)
    lives: list[Life] = field(default_factory=lambda: [Life("a"), Life("b"), Life("c")])
    numbers: dict[str, int] = field(default_factory=dict)
    last: Stored | None = None

    def write(self, life: Life, what: Payload) -> None:
        """By a process of its own, as every command is one."""
        store = process(self.s3)
        entry = store.append(life.goes(what), what)
        assert open_in(store) == self.open, "as whoever wrote last knows it"
        self.last = Stored.from_bytes(entry.to_bytes())
        self._number(life, what)

    def write_as_before(self, life: Life, what: Payload) -> None:
        """As the version of format 2 did, which named nothing but the others that rest."""
        subject = life.goes(what)
        entry = ledger.following(self.last, AT, subject, OWNER, what)
        values = entry.model_dump(mode="json") | {"format": 2}
        if isinstance(what, Opened | Closed):
            others = [one for one in self.lives if one is not life and one.rests]
            resting = tuple(self.numbers[one.id] for one in others)
            written = what.model_copy(update={"resting": resting}).model_dump(
                mode="json", exclude={"working"}
            )
            values |= {"what": written}
        data = names.canonical_json(values)
        self.s3.objects[key(entry.number)] = data
        self.last = Stored.from_bytes(data)
        self._number(life, what)

    def _number(self, life: Life, what: Payload) -> None:
        assert self.last is not None
        if isinstance(what, Opened):
            self.numbers[life.id] = self.last.number

    @property
    def open(self) -> list[tuple[str, Phase | None, int, bool]]:
        return sorted(life.state for life in self.lives if life.phase is not None)


def open_in(store) -> list[tuple[str, Phase | None, int, bool]]:
    return sorted((one.id, one.phase, one.step, one.rests) for one in store.all_open())


STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 29)), max_size=30)


@examples(0.3)
@given(STEPS)
def test_whatever_they_do_to_each_other_everything_that_is_open_is_found(steps):
    stage = Stage()
    for which, choice in steps:
        life = stage.lives[which]
        choices = life.choices()
        stage.write(life, choices[choice % len(choices)])
        if choice % 7 == 0:
            process(stage.s3).append(life.goes(Resumed()).model_copy(update={"rollout": ""}), REFUSED)
        assert open_in(process(stage.s3)) == stage.open


@examples(0.3)
@given(STEPS, STEPS)
def test_so_it_is_in_a_ledger_that_an_earlier_version_began(before, after):
    """That one let a rollout begin only where it found none at work."""
    stage = Stage()
    for which, choice in before:
        life = stage.lives[which]
        choices = life.choices()
        at_work = any(one.phase is not None and not one.rests for one in stage.lives)
        if life.phase is not None or not at_work:
            stage.write_as_before(life, choices[choice % len(choices)])
    assert open_in(process(stage.s3)) == stage.open
    for which, choice in after:
        life = stage.lives[which]
        choices = life.choices()
        stage.write(life, choices[choice % len(choices)])
        assert open_in(process(stage.s3)) == stage.open


@pytest.mark.parametrize("write", [Stage.write, Stage.write_as_before])
def test_a_rollout_at_work_is_found_behind_an_experiment_that_closed_meanwhile(write):
    stage = Stage()
    rests, works, _ = stage.lives
    for life, what in (
        *((rests, COMPARES), (rests, RUNS), (works, COMPARES), (works, AT_WORK[0])),
        *((rests, REVERTS), (rests, CLOSES[1])),
    ):
        write(stage, life, what)
    assert open_in(process(stage.s3)) == [("b1", Phase.MOVING, 1, False)]
