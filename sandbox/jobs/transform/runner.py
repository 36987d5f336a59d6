"""Runs transform jobs: starts the model's containers, asks them for every file, stores what came of it.

A job's servers are started, pinged and ended as those of an endpoint are. Files are dealt to the instances in
the order of their keys. A file that fails leaves the others alone, and the job fails at its end. Results are
stored when every file was tried: of a job that is stopped before, nothing is stored.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.core.clock import now
from sandbox.jobs.running.failures import INTERNAL, JobFailed
from sandbox.jobs.running.job import Status
from sandbox.jobs.running.objects import ObjectError, Objects
from sandbox.jobs.transform.faults import (
    ALGORITHM,
    CLIENT,
    NO_ANSWER,
    NO_PING,
    SEE_LOGS,
    FileFailed,
    bad_answer,
    bad_data,
)
from sandbox.jobs.transform.files import results
from sandbox.jobs.transform.joining import assembled
from sandbox.jobs.transform.parameters import PATH, Parameters, complete, environment, parameters
from sandbox.jobs.transform.records import payloads, records, unpacked
from sandbox.jobs.transform.state import TransformJob
from sandbox.serving.endpoints.container_builder import ContainerBuilder, ContainerOwner
from sandbox.serving.endpoints.failures import DeploymentFailed
from sandbox.serving.fleets.fleet import Fleet
from sandbox.serving.fleets.host import Host
from sandbox.serving.fleets.instance import PING_TIMEOUT, Instance
from sandbox.serving.runtimes.container import Container

log = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TransformJobs"
DATA_LOG = "data-log"
SECONDS, RETRIES = 600, 3
"""AWS's defaults of InvocationsTimeoutInSeconds and InvocationsMaxRetries."""

_NEVER_INVENTED = ("Content-Type", "Accept", "Accept-Encoding", "User-Agent")
_CHUNK = 64 * 1024

Note = Callable[[Container, str, Sequence[str]], None]
"""Writes lines into a stream of a container's log group."""


@dataclass
class _Share:
    """One instance and what it is asked for, at most `parameters.at_once` requests at once."""

    job: TransformJob
    instance: Instance
    parameters: Parameters
    requests: asyncio.Semaphore
    reading: asyncio.Semaphore
    files: list[str] = field(default_factory=list)
    failed: dict[str, FileFailed] = field(default_factory=dict)


class Runner:
    """Runs jobs on the sandbox's event loop."""

    def __init__(self, host: Host, builder: ContainerBuilder, objects: Objects, note: Note) -> None:
        self._host = host
        self._builder = builder
        self._objects = objects
        self._note = note
        self._fleets: set[Fleet] = set()

    def instances(self) -> Iterator[Instance]:
        """Every instance of every job that runs now."""
        for fleet in list(self._fleets):
            yield from fleet.instances
            yield from fleet.starting

    async def run(self, job: TransformJob) -> None:
        """Run a job to its end, or until it is asked to stop. Cancelled, it ends its instances first."""
        work = asyncio.ensure_future(self._run(job))
        stopped = asyncio.ensure_future(job.stop_asked.wait())
        try:
            await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            work.cancel()
            await asyncio.wait([work])
        if work.cancelled():
            job.conclude(Status.STOPPED)
        elif isinstance(error := work.exception(), JobFailed):
            job.conclude(Status.FAILED, str(error))
        elif error is not None:
            log.error("the transform job %s failed", job.name, exc_info=error)
            job.conclude(Status.FAILED, INTERNAL)
        else:
            job.conclude(Status.COMPLETED)

    async def _run(self, job: TransformJob) -> None:
        place = job.owner.account, job.owner.region, job.name, job.name
        owner = ContainerOwner(*place, environment=environment(job.request), log_group=LOG_GROUP)
        try:
            container = await asyncio.to_thread(self._builder.container, owner, job.model)
        except DeploymentFailed as error:
            raise JobFailed(f"{CLIENT}: {error.reason}") from error
        fleet = Fleet(self._host, container, job.request["TransformResources"]["InstanceCount"], 1.0)
        self._fleets.add(fleet)
        try:
            if not await fleet.start():
                raise JobFailed(f"{ALGORITHM}: {NO_PING}")
            job.begin()
            if fleet.simulation:
                self._note(container, container.log_stream("sandbox"), [fleet.simulation])
            await self._transform(job, fleet)
        finally:
            await asyncio.gather(*(instance.stop() for instance in [*fleet.starting, *fleet.instances]))
            self._fleets.discard(fleet)

    async def _transform(self, job: TransformJob, fleet: Fleet) -> None:
        first = fleet.instances[0]
        answer = None if complete(job.request) else await self._execution_parameters(first)
        found = parameters(job.request, answer)
        shares = [
            _Share(job, one, found, asyncio.Semaphore(found.at_once), asyncio.Semaphore(found.at_once))
            for one in fleet.instances
        ]
        for share in shares:
            self._say(share, [found.words])
        try:
            places = await asyncio.to_thread(results, self._objects, job.owner, job.request)
        except (ObjectError, ValueError) as error:
            raise JobFailed(f"{CLIENT}: {error}") from error
        for number, uri in enumerate(sorted(places)):
            shares[number % len(shares)].files.append(uri)
        asked = [(share, uri, self._file(share, uri)) for share in shares for uri in share.files]
        found_of = await _all([file for _, _, file in asked])
        for (share, uri, _), result in zip(asked, found_of, strict=True):
            if result is not None:
                await self._stored(share, uri, places[uri], result)
        whose = {failed.whose for share in shares for failed in share.failed.values()}
        if whose:
            raise JobFailed(f"{ALGORITHM if ALGORITHM in whose else CLIENT}: {SEE_LOGS}")

    async def _stored(self, share: _Share, uri: str, place: str, result: bytes) -> None:
        key = share.job.request["TransformOutput"].get("KmsKeyId", "")
        try:
            await asyncio.to_thread(self._objects.write, share.job.owner, place, result, key)
        except ObjectError as error:
            self._failed(share, uri, bad_data(str(error)))

    async def _file(self, share: _Share, uri: str) -> bytes | None:
        """The result of a file; None for one that failed, which is then in the data log."""
        async with share.reading:
            try:
                return await self._result(share, uri)
            except ObjectError as error:
                self._failed(share, uri, bad_data(str(error)))
            except FileFailed as error:
                self._failed(share, uri, error)
        return None

    async def _result(self, share: _Share, uri: str) -> bytes:
        asked = share.job.request["TransformInput"]
        content = await asyncio.to_thread(self._objects.read, share.job.owner, uri)
        if asked.get("CompressionType") == "Gzip":
            content = await asyncio.to_thread(unpacked, content)
        by_line = asked.get("SplitType") == "Line"
        found = share.parameters
        batches = list(payloads(records(content, by_line), found.limit, found.single))
        parts = await _all([self._part(share, batch) for batch in batches])
        together = share.job.request["TransformOutput"].get("AssembleWith") == "Line"
        return assembled(parts, together)

    async def _part(self, share: _Share, batch: Sequence[bytes]) -> bytes:
        """What is stored for the records of one request."""
        processing = share.job.processing
        async with share.requests:
            body = await asyncio.to_thread(processing.request, batch)
            answer = await self._ask(share, body)
            return await asyncio.to_thread(processing.result, batch, answer)

    async def _ask(self, share: _Share, body: bytes) -> bytes:
        """The container's answer. What is no refusal is asked again, as often as the job says."""
        config = share.job.request.get("ModelClientConfig") or {}
        timeout = aiohttp.ClientTimeout(total=config.get("InvocationsTimeoutInSeconds", SECONDS))
        failed = FileFailed(ALGORITHM, NO_ANSWER)
        for _ in range(config.get("InvocationsMaxRetries", RETRIES) + 1):
            if not await self._healthy(share.instance):
                break
            try:
                async with self._host.client.post(
                    f"{share.instance.url}/invocations",
                    data=_chunks(body) if share.parameters.limit is None else body,
                    headers=_headers(share.job.request),
                    skip_auto_headers=_NEVER_INVENTED,
                    timeout=timeout,
                    allow_redirects=False,
                ) as answer:
                    content = await answer.read()
            except (aiohttp.ClientError, OSError, TimeoutError):
                failed = FileFailed(ALGORITHM, NO_ANSWER)
                continue
            if answer.status < 400:
                return content
            failed = bad_answer(answer.status, content)
            if failed.whose == CLIENT:
                break
        raise failed

    async def _healthy(self, instance: Instance) -> bool:
        """Whether an instance answers pings, now or before the time for that is over."""
        deadline = time.monotonic() + self._host.settings.ping_timeout
        while not instance.healthy and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return instance.healthy

    async def _execution_parameters(self, instance: Instance) -> bytes | None:
        timeout = aiohttp.ClientTimeout(total=PING_TIMEOUT)
        try:
            async with self._host.client.get(f"{instance.url}{PATH}", timeout=timeout) as answer:
                return await answer.read() if answer.status == 200 else None
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None

    def _failed(self, share: _Share, uri: str, error: FileFailed) -> None:
        share.failed[uri] = error
        self._say(share, [f"{uri.removeprefix('s3://')}: {line}" for line in error.lines])

    def _say(self, share: _Share, lines: Sequence[str]) -> None:
        """Lines of an instance's data log, each with its time as SageMaker writes it."""
        at = f"{now():%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        container = share.instance.container
        stream = f"{container.log_stream(share.instance.id)}/{DATA_LOG}"
        self._note(container, stream, [f"{at}:[sagemaker logs]: {line}" for line in lines])


async def _all(works: Sequence[Any]) -> list[Any]:
    """What all of them return, in their order; the first that raises ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _headers(request: Mapping[str, Any]) -> dict[str, str]:
    """What a job's requests say of themselves."""
    said = {
        "Content-Type": request["TransformInput"].get("ContentType"),
        "Accept": request["TransformOutput"].get("Accept"),
    }
    return {name: value for name, value in said.items() if value}


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    """A body in HTTP's chunked encoding."""
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]
