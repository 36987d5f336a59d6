"""A search on SageMaker by a tuning job: what the best of its training jobs left is fetched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from release.domain import names, training, tuning
from release.domain.errors import ServiceError
from release.domain.training import LIVES, Job, Request, Status
from release.domain.tuning import Tried, Tuning, TuningJob
from release.jobs import Site
from release.operations.train_job import FIRST_LOOK, GROWTH, LAST_LOOK, Wanted, fetched, order, place
from release.ports import Event, Tell


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
    job = _ended(site, _begun(site, wanted, tuning.request(one, asked), tell), tell)
    if job.status is not Status.COMPLETED or not job.best:
        raise tuning.failed(job)
    best = site.jobs.describe(job.best)
    if best is None:
        raise ServiceError(f"SageMaker knows no training job {job.best}, the best of {job.name}.")
    tell(Event(f"the best of {job.name} is {best.name}"))
    return Found(fetched(site, best, folder), site.tuning.tried(job.name))


def _begun(site: Site, wanted: Wanted, request: Request, tell: Tell) -> TuningJob:
    """The tuning job of this request: the one that there is, or a new one."""
    over = False
    for attempt in count(1):
        name = names.tuning_job(wanted.service, site.ports.name, request, attempt)
        found = site.tuning.describe(name)
        if found is None:
            break
        if found.status in LIVES and not (wanted.again and found.status is Status.COMPLETED):
            tell(Event(f"the tuning job {name} is there already: {found.status}"))
            return found
        over = over or found.status is Status.COMPLETED
    site.tuning.create(name, tuning.afresh(request, attempt) if over else request)
    tell(Event(f"the tuning job {name} was started"))
    made = site.tuning.describe(name)
    if made is None:
        raise ServiceError(f"SageMaker knows no tuning job {name}, which it has just started.")
    return made


def _ended(site: Site, job: TuningJob, tell: Tell) -> TuningJob:
    """The tuning job when it has ended. An interrupt has it stopped, with its training jobs, and goes on."""
    done, seconds = -1, FIRST_LOOK
    try:
        while True:
            if job.done != done:
                done = job.done
                tell(Event(f"{job.name}: {done} training jobs are completed"))
            if job.status not in {Status.RUNNING, Status.STOPPING}:
                return job
            site.ports.clock.sleep(seconds)
            seconds = min(seconds * GROWTH, LAST_LOOK)
            job = site.tuning.describe(job.name) or job
    except KeyboardInterrupt:
        site.tuning.stop(job.name)
        tell(Event(f"the tuning job {job.name} was told to stop, so that it costs nothing more"))
        raise
