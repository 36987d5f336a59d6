"""Findings that ask for retrains, through months of trouble: once each, within cooldown and budget."""

import json
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts import events
from monitoring.operations import answers
from release.domain import retraining
from release.domain.stage import RetrainSettings
from release.operations.retrain import Order, retrain
from tests.examples import examples
from tests.fakes.findings import Stage
from tests.fakes.trainer import FakeTrainer
from tests.fakes.trouble import Crash, crash
from tests.release.scenes import pins_now, serving, sure

DAY = 24
SUBJECTS = ("calibration", "auc", "brier")


class Life:
    """A stage in which something is noticed each day, and a schedule that asks for retrains."""

    def __init__(self, folder: Path, cooldown: int, budget: int) -> None:
        self.dev = serving(0, stage="dev")
        self.stage = Stage(self.dev)
        self.stage.world.build = folder
        self.dev.retrain = RetrainSettings(on=("quality",), cooldown_days=cooldown, budget_per_month=budget)
        self.trainer = FakeTrainer(self.dev.trouble)
        self.trainer.worse = True

    def day(self, number: int, subject: str, dies: int) -> None:
        """Something is noticed; the schedule runs, and its process may die at a moment."""
        self.dev.new_process()
        self.stage.note(number * DAY, subject=subject)
        self.dev.trouble.plan(dies or None, crash)
        with suppress(Crash):
            self.run(number)
        self.dev.trouble.plan(None, None)

    def run(self, number: int) -> None:
        """What `./slipway retrain dev --finding` does."""
        ports = self.stage.world.stage("dev")
        asks = answers.asking(ports, self.stage.shelf.findings)
        if asks.kept is None or asks.not_now:
            return
        self.trainer.months = f"1-{7 + number // 4}"
        event = json.dumps(events.event_of(ports.settings, asks.kept).envelope()).encode()
        retrain(self.stage.world, Order("dev", event=event), self.trainer, self.stage.told)

    @property
    def retrains(self) -> list[retraining.Retrain]:
        """Those on record, oldest first."""
        return retraining.fold(self.dev.ledger.stored, "delays")


@pytest.fixture
def life(tmp_path):
    return Life(tmp_path, cooldown=6, budget=3)


def test_a_refused_retrain_closes_nothing_and_the_next_finding_asks_after_the_cooldown(life):
    life.day(1, "calibration", dies=0)
    life.day(2, "auc", dies=0)
    assert [one.ended.outcome for one in life.retrains] == ["worse"]
    life.day(8, "auc", dies=0)
    assert [str(one.asked.occasion).partition(":")[0] for one in life.retrains] == [
        "finding quality of calibration",
        "finding quality of auc",
    ]
    assert len(life.stage.shelf.findings.open()) == 2


def test_a_better_model_is_live_by_its_gates_alone_and_closes_what_was_noticed_of_the_one_before(life):
    before = sure(pins_now(life.dev).live).release
    life.trainer.worse = False
    life.day(1, "calibration", dies=0)
    assert sure(pins_now(life.dev).live).release != before
    life.stage.tell()
    (kept,) = life.stage.shelf.findings.all()
    assert kept.closed
    assert kept.closed.who == sure(pins_now(life.dev).live).release


@examples(0.3)
@given(
    st.integers(0, 9),
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from(SUBJECTS), st.integers(0, 12)), min_size=1, max_size=12),
)
def test_retrains_keep_cooldown_and_budget_and_no_finding_asks_twice(cooldown, budget, days):
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), cooldown, budget)
        live = sure(pins_now(life.dev).live)
        for number, (subject, dies) in enumerate(days, 1):
            life.day(3 * number, subject, dies)
        counted = [one for one in life.retrains if one.counts]
        at = [one.at for one in counted]
        assert all(later - one >= timedelta(days=cooldown) for one, later in pairwise(at))
        assert all(_within_a_month(at, one) <= budget for one in at)
        asked = Counter(one.asked.occasion.event for one in counted)
        assert all(times == 1 for times in asked.values())
        assert sure(pins_now(life.dev).live) == live, "a worse one is never live"
        assert {kept.finding.subject for kept in life.stage.shelf.findings.open()} == {one for one, _ in days}


def _within_a_month(at: list[datetime], last: datetime) -> int:
    return sum(last - timedelta(days=30) < one <= last for one in at)
