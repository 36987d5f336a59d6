"""A retrain's trainer in a training job: what it asks for and gets back is as of one on this machine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.training.options import TrainOptions
from release.ports import Tell
from scripts.shared import training_job
from scripts.shared.local_trainer import LocalTrainer

if TYPE_CHECKING:
    from model.training.finish import TrainResult


@dataclass(frozen=True)
class JobTrainer(LocalTrainer):
    """Trains a service in the job that is asked for."""

    job: training_job.Asked

    def trained(self, options: TrainOptions, tell: Tell) -> "TrainResult":
        """One training of these options, in a job."""
        return training_job.train(self.of, options, self.job, tell)
