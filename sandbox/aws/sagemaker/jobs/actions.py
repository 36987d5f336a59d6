"""What the actions on jobs of every kind do alike: begin, find, describe, list and stop one.

moto's own dictionaries hold the jobs, so that its tagging works.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from sandbox.aws.sagemaker.arns import sagemaker_arn
from sandbox.aws.sagemaker.jobs.lookup import Kind, find_job, refuse_status, refuse_taken
from sandbox.aws.sagemaker.members import refuse_uncovered
from sandbox.aws.sagemaker.paging import listed
from sandbox.aws.shared.moto_actions import replace
from sandbox.core.loop import LoopWork
from sandbox.jobs.running.job import OVER
from sandbox.jobs.running.objects import Owner


class AnyJob(Protocol):
    """What is asked of a job of any kind."""

    owner: Owner
    name: str
    arn: str

    @property
    def status(self) -> str:
        """Its status, as it is described."""
        ...

    def stop(self) -> None:
        """Be Stopping."""
        ...


Job = TypeVar("Job", bound=AnyJob)
Said = Callable[[Job], dict[str, Any]]
"""What an action says of a job. On the event loop."""


class JobActions(ABC, Generic[Job]):
    """The actions on the jobs of one kind; `run` takes one to its end."""

    def __init__(
        self,
        kind: Kind,
        work: LoopWork,
        run: Callable[[Job], Coroutine[Any, Any, None]],
        describe: Said[Job],
        summary: Said[Job],
    ) -> None:
        self._kind = kind
        self._work = work
        self._run = run
        self._describe = describe
        self._summary = summary

    def install(self) -> None:
        """Replace moto's actions."""
        for verb in ("create", "describe", "stop"):
            replace(SageMakerResponse, f"{verb}_{self._kind.moto}", getattr(self, verb))
        replace(SageMakerResponse, f"list_{self._kind.moto}s", self.list)

    @abstractmethod
    def create(self, response: SageMakerResponse) -> ActionResult:
        """The action that creates one."""

    def arn(self, account: str, region: str, name: str) -> str:
        """The ARN of a job of that name."""
        return sagemaker_arn(self._kind.moto.replace("_", "-"), name, account, region)

    def admitted(self, account: str, region: str, request: Mapping[str, Any]) -> tuple[str, str]:
        """Name and ARN of a new job. Raises SageMaker's ResourceInUse, and NotImplemented for a member."""
        name = request[f"{self._kind.member}Name"]
        arn = self.arn(account, region, name)
        refuse_taken(self.held(account, region), name, arn)
        refuse_uncovered(f"Create{self._kind.member}", request)
        return name, arn

    def begin(self, job: Job) -> None:
        """Keep a job and let it run. On the event loop. Raises SageMaker's ResourceInUse."""
        jobs = self.held(job.owner.account, job.owner.region)
        refuse_taken(jobs, job.name, job.arn)
        jobs[job.name] = job
        self._work.begin(self._run(job))

    def held(self, account: str, region: str) -> dict[str, Job]:
        """The jobs of an account in a region, by their names."""
        return self._kind.held_by(sagemaker_backends[account][region])

    def named(self, response: SageMakerResponse) -> Job:
        """The job that a request names. Raises SageMaker's ValidationException."""
        jobs = self.held(response.current_account, response.region)
        return find_job(jobs, response.params[f"{self._kind.member}Name"])

    def describe(self, response: SageMakerResponse) -> ActionResult:
        """The action that describes one."""
        return ActionResult(self._work.call(partial(self._describe, self.named(response))))

    def list(self, response: SageMakerResponse) -> ActionResult:
        """The action that lists them."""
        return self._page(response, response.params)

    def stop(self, response: SageMakerResponse) -> ActionResult:
        """The action that stops one."""
        job = self.named(response)

        def stop() -> None:
            if job.status in OVER:
                refuse_status(self._kind, job.status, job.arn)
            job.stop()

        self._work.call(stop)
        return EmptyResult()

    def _page(self, response: SageMakerResponse, params: Mapping[str, Any]) -> ActionResult:
        jobs = [*self.held(response.current_account, response.region).values()]
        entries = self._work.call(lambda: [self._summary(job) for job in jobs])
        member = self._kind.member
        return ActionResult(listed(f"{member}Summaries", entries, f"{member}Name", params, f"{member}Status"))
