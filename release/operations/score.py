"""Score: what is live in a stage answers files in S3, by a job of its own; no endpoint is touched.

The same command again, after it was interrupted or its answers were read, finds the job that it began: a job
is called by all that it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from release.domain import batch, names, plan
from release.domain.batch import Changed, File, Job, Reach, Run
from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.pins import ReleasePin
from release.domain.request_schema import REFUSE, ROWS_WITHOUT_NAMES, Promise
from release.operations import needs
from release.ports import Event, StagePorts, Tell, World

SHORTEST_WAIT, LONGEST_WAIT, LONGER = 0.2, 15.0, 1.4
"""Seconds between two looks at a job, and by what they grow."""
TOLD_LINES = 6
"""Lines of the log of a job's files that a failure shows."""


@dataclass(frozen=True)
class Order:
    """What is to be scored, where the answers go, and how. Without a type, machines are of the endpoint's."""

    source: str
    target: str
    content_type: str = batch.CSV
    instances: int = 1
    instance_type: str = ""


@dataclass(frozen=True)
class Answered:
    """One file: where its answers are, joined to its rows, and how many rows both have."""

    file: str
    answers: str
    rows: int


@dataclass(frozen=True)
class Scored:
    """A job that is done, and verified."""

    stage: str
    endpoint: str
    release: str
    model: str
    job: str
    output: str
    files: tuple[Answered, ...]

    @property
    def rows(self) -> int:
        """Of all files."""
        return sum(file.rows for file in self.files)


def score(world: World, stage: str, endpoint: str | None, order: Order, tell: Tell) -> Scored:
    """Score the files at `order.source` with what is live in a stage.

    Raises UsageError where nothing is live, a place is not the stage's to use, or the files are none that can
    be scored; ReleaseFailed where the model is not the pinned one, or files were refused or not answered in
    full; ServiceError where SageMaker failed or the job was stopped.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    live = ports.settings.endpoints[name].pins.live
    if live is None:
        raise UsageError(
            f"Endpoint {name} has no live release in {stage}.",
            "Nothing was scored.",
            f"Bring one there first: {world.stages.entering(stage)}",
        )
    bucket, allowed = ports.artifacts.bucket, ports.settings.batch
    reads, writes = Reach("--input", "reads", allowed.reads), Reach("--output", "writes", allowed.writes)
    batch.check_places(stage, bucket, order.source, order.target, reads, writes)
    files = ports.batches.files(order.source)
    source, answers = batch.below(order.source, files)
    files = [file for file in files if file.uri in answers]
    _check_content(ports, live, order, files)
    model, target = _proven(ports, name, live), order.target.rstrip("/")
    # What makes other answers, or puts them elsewhere: how many machines work does not.
    way = {"input": source, "output": target, "content_type": order.content_type}
    job = Job(
        name=batch.base_name(names.endpoint(name, stage), model, way, files),
        model=model,
        instance_type=order.instance_type or live.type or "",
        instances=order.instances,
        key=names.key_alias(stage) if target.startswith(f"s3://{bucket}/") else "",
        **way,
    )
    places = {file: f"{target}/{answer}" for file, answer in answers.items()}
    done = _done(ports, job, places, live, tell)
    found = _verified(ports, done, files, places, target)
    return Scored(stage, name, live.release, model, done.name, target, found)


def _check_content(ports: StagePorts, live: ReleasePin, order: Order, files: Sequence[File]) -> None:
    """Raise UsageError for files without a row, or with a header, or of a type that the release refuses."""
    if not any(file.size for file in files):
        raise UsageError(
            f"The files at {order.source} are empty.", "Nothing was scored.", "Bring some with rows in them."
        )
    promise = _promise(ports, live)
    if promise.taken and order.content_type not in promise.taken:
        raise UsageError(
            f"Release {live.release} does not take {order.content_type}.",
            "Nothing was scored.",
            f"Send what it takes by --content-type: {', '.join(promise.taken)}.",
        )
    if order.content_type != batch.CSV:
        return
    if live.environment.get(ROWS_WITHOUT_NAMES) == REFUSE:
        raise UsageError(
            f"The container of {live.release} refuses rows without names ({ROWS_WITHOUT_NAMES}={REFUSE}).",
            "Files of CSV are cut into requests without a header, so nothing was scored.",
            f"Bring JSON lines, which name each value, and --content-type {batch.JSON_LINES}.",
        )
    for file in files:
        try:
            batch.check_header(file, ports.batches.first_line(file), tuple(promise.named))
        except Changed:
            raise _changed(file) from None


def _promise(ports: StagePorts, live: ReleasePin) -> Promise:
    try:
        return Promise.model_validate(ports.artifacts.manifest(live.release).input_schema)
    except ValidationError:
        return Promise()


def _proven(ports: StagePorts, name: str, live: ReleasePin) -> str:
    """Live's model in SageMaker. Raises ReleaseFailed where it is not the pinned image and bytes."""
    problems = needs.problems(ports, name, live, remake=False)
    if problems:
        raise ReleaseFailed(
            f"{name} in {ports.name} is not as it is pinned: {'; '.join(problems)}.",
            "What would answer is not what was proven, so nothing was scored.",
            f"See ./slipway status {ports.name}, which says how to mend it.",
        )
    return plan.model_plan(ports.name, name, live).name


def _done(ports: StagePorts, job: Job, places: Mapping[str, str], live: ReleasePin, tell: Tell) -> Run:
    """The job, completed: one that was begun before, or a new one."""
    run = _begun(ports, job, places, live, tell)
    pause = SHORTEST_WAIT
    while run.busy:
        ports.clock.sleep(pause)
        pause = min(pause * LONGER, LONGEST_WAIT)
        run = ports.batches.find(run.name) or run
    if run.status != "Completed":
        raise _failure(ports, run, places)
    if run.model != job.model:
        raise ReleaseFailed(
            f"The job {run.name} ran the model {run.model}, not {job.model}.",
            f"What lies at {job.output} is not of what is pinned.",
            "Delete it, and run the same command again with another --output.",
        )
    return run


def _begun(ports: StagePorts, job: Job, places: Mapping[str, str], live: ReleasePin, tell: Tell) -> Run:
    there = {file.uri for file in ports.batches.files(f"{job.output}/")} & set(places.values())
    found: Run | None = None
    for number in range(1, batch.ATTEMPTS + 1):
        name = batch.attempt(job.name, number)
        found = ports.batches.find(name)
        if found is None:
            if there and number == 1:
                raise UsageError(
                    f"{job.output} holds {len(there)} of the files that this would write: {min(there)}.",
                    "They are answers of something else, which nothing overwrites; nothing was scored.",
                    "Name another --output, or delete them.",
                )
            tell(Event(f"scoring {len(places)} files with {live.release}: transform job {name}"))
            tell(Event(f"{job.instances} of {job.instance_type}, model {job.model}", detail=True))
            ports.batches.start(replace(job, name=name))
            return Run(name, "InProgress", job.model)
        if found.busy:
            tell(Event(f"transform job {name} is at this work already"))
        if found.busy or (found.status == "Completed" and there == set(places.values())):
            return found
    raise ServiceError(
        f"{batch.ATTEMPTS} jobs were at this work, and none has left all of its answers.",
        "Nothing more was started.",
        f"Look at the log group {batch.LOG_GROUP}, then name another --output.",
    )


def _failure(ports: StagePorts, run: Run, places: Mapping[str, str]) -> ReleaseFailed | ServiceError:
    """What a job that did not complete means."""
    if run.status == "Stopped":
        return ServiceError(
            f"The transform job {run.name} was stopped.",
            "It stored no answers; the endpoint was not touched.",
            "Run the same command again: it begins another one.",
        )
    said = "\n".join(ports.batches.log(run.name)[-TOLD_LINES:])
    cause = f"The transform job {run.name} failed: {run.reason or 'SageMaker gives no reason'}"
    cause += f"\n{said}" if said else ""
    log = f"the streams {run.name}/… of the log group {batch.LOG_GROUP}"
    if run.reason.startswith(("ClientError", "AlgorithmError")):
        return ReleaseFailed(
            cause,
            f"Of {len(places)} files at least one has no answers; the endpoint was not touched.",
            f"Correct what {log} name, and run the command again; corrected files need another --output.",
        )
    return ServiceError(
        cause, "The endpoint was not touched.", f"Look at {log}, then run the same command again."
    )


def _verified(
    ports: StagePorts, run: Run, files: Sequence[File], places: Mapping[str, str], target: str
) -> tuple[Answered, ...]:
    """Each file with its answers. Raises ReleaseFailed where they are not as many rows as the file has."""
    there = {file.uri: file for file in ports.batches.files(f"{target}/")}
    found = []
    for file in files:
        answers = there.get(places[file.uri])
        if answers is None:
            raise _not_in_full(run, f"{file.uri} has no answers at {places[file.uri]}")
        try:
            asked, answered = ports.batches.rows(file), ports.batches.rows(answers)
        except Changed:
            raise _changed(file) from None
        if asked != answered:
            raise _not_in_full(run, f"{file.uri} has {asked} rows, and {answers.uri} has {answered}")
        found.append(Answered(file.uri, answers.uri, asked))
    return tuple(found)


def _not_in_full(run: Run, what: str) -> ReleaseFailed:
    return ReleaseFailed(
        f"The transform job {run.name} completed, but {what}.",
        "Its answers are not whole and must not be used; the endpoint was not touched.",
        f"Look at the log group {batch.LOG_GROUP}, then score again with another --output.",
    )


def _changed(file: File) -> UsageError:
    return UsageError(
        f"{file.uri}, or its answers, changed while it was being scored.",
        "What was scored is not what lies there now, so nothing is said of the answers.",
        "Run the command again once nobody writes there, with another --output.",
    )
