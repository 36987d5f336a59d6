"""A search on SageMaker by a tuning job: what the best of its training jobs left is fetched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from release.domain import names, training, tuning
from release.domain.errors import ServiceError
from release.domain.training import Job, Status
from release.domain.tuning import Tried, Tuning, TuningJob
from release.jobs import Site
from release.operations.job_life import Kind, begun, looks
from release.operations.train_job import Wanted, fetched, order, place
from release.ports import Event, Tell


def _there(job: TuningJob) -> str:
    return f"the tuning job {job.name} is there already: {job.status}"


_KIND = Kind("tuning job", names.tuning_job, tuning.afresh, _there)


@dataclass(frozen=True)
class Found:
    """What a search came to."""

    best: Job
    tried: Sequence[Tried]
    """In the order of their start."""


def tune(site_of: Callable[[], Site], wanted: Wanted, asked: Tuning, folder: Path, tell: Tell) -> Found:
    """Have SageMaker search, and unpack what the best of its training jobs left into `folder`.

    Raises UsageError for a stage that no training runs in, TrainingFailed for a search that found nothing. An
    interrupt stops it.
    """
    site, settings = place(site_of, tell)
    ports = site.ports
    ordered = order(site, settings, wanted, tell)
    one = training.request(ports.settings, settings, ordered, ports.artifacts.bucket)
    named, request = (wanted.service, ports.name), tuning.request(one, asked)
    job = _ended(site, begun(_KIND, site.tuning, named, request, wanted.again, tell), tell)
    if job.status is not Status.COMPLETED or not job.best:
        raise tuning.failed(job)
    best = site.jobs.describe(job.best)
    if best is None:
        raise ServiceError(f"SageMaker knows no training job {job.best}, the best of {job.name}.")
    tell(Event(f"the best of {job.name} is {best.name}"))
    return Found(fetched(site, best, folder), site.tuning.tried(job.name))


def _ended(site: Site, begun_as: TuningJob, tell: Tell) -> TuningJob:
    """The tuning job when it has ended. An interrupt has it stopped, with its training jobs, and goes on."""
    try:
        return _watched(site, begun_as, tell)
    except KeyboardInterrupt:
        site.tuning.stop(begun_as.name)
        tell(Event(f"the tuning job {begun_as.name} was told to stop, so that it costs nothing more"))
        raise


def _watched(site: Site, begun_as: TuningJob, tell: Tell) -> TuningJob:
    done = -1
    for job in looks(site.tuning, begun_as, site.ports.clock):
        if job.done != done:
            done = job.done
            tell(Event(f"{job.name}: {done} training jobs are completed"))
    return job
