"""A retrain whose training job leaves no model: it has its end in the ledger."""

import pytest

from release.domain.training import Job, Status, TrainingFailed, failed
from release.operations.retrain import retrain
from tests.fakes.trainer import FakeTrainer
from tests.release.operations.test_retrain import BACK, events, retrained


def test_a_training_job_that_fails_ends_it_and_the_next_one_begins_anew(project, dev, told):
    trainer = FakeTrainer(dev.trouble)
    train = trainer.train

    def fails(window, champion, out, tell):
        raise failed(Job("delays-dev-1", "arn", Status.FAILED, "Failed", "AlgorithmError: , exit code: 1"))

    trainer.train = fails
    with pytest.raises(TrainingFailed, match="delays-dev-1 failed"):
        retrain(project(dev), BACK, trainer, told)
    ended = retrained(dev)[-1]
    assert (events(dev), ended.outcome) == (["asked", "ended"], "failed")
    assert "delays-dev-1 failed (AlgorithmError" in ended.reasons[0]
    trainer.train = train
    assert retrain(project(dev), BACK, trainer, told).outcome == "released"
    assert events(dev) == ["asked", "ended", "asked", "trained", "ended"], "nothing was taken over"
