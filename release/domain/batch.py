"""Batch scoring: which files a stage's live release scores, where the answers go, and what the job is called.

Pure, but for `BatchJobs`, which is what an operation needs of the world for it. A job is one of SageMaker's
transform jobs: it starts the live release's own model on machines of its own, and touches no endpoint.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol

from pydantic import StringConstraints

from release.domain import names, s3_uri
from release.domain.errors import UsageError

FOLDER = "batch/"
"""Where in a stage's own bucket input may lie and answers may go without any setting."""
CSV, JSON_LINES = "text/csv", "application/jsonlines"
CONTENT_TYPES = (CSV, JSON_LINES)
"""What can be cut at line ends, scored in parts, and joined with its answers."""
LOG_GROUP = "/aws/sagemaker/TransformJobs"
DATA_LOG = "/data-log"
"""How the streams end in which SageMaker says what became of each file."""
ATTEMPTS = 20
"""Jobs that may have failed or been stopped at the same work before somebody has to look."""

S3Place = Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9.-]{3,63}(/[^*?$\s]*)?$")]
"""A bucket, or a folder in one."""


@dataclass(frozen=True)
class File:
    """An object in S3. `etag` changes with its content."""

    uri: str
    etag: str
    size: int


@dataclass(frozen=True)
class Job:
    """What a transform job is asked to do."""

    name: str
    model: str
    """SageMaker's name of the model."""
    input: str
    output: str
    content_type: str
    instance_type: str
    instances: int
    key: str = ""
    """The KMS key of the answers; "" for the bucket's own."""


@dataclass(frozen=True)
class Run:
    """A transform job as SageMaker describes it."""

    name: str
    status: Literal["InProgress", "Completed", "Failed", "Stopping", "Stopped"]
    model: str
    reason: str = ""

    @property
    def busy(self) -> bool:
        """Whether it is not over."""
        return self.status in ("InProgress", "Stopping")


class Changed(Exception):
    """A file is not any more what it was when it was listed."""


class BatchJobs(Protocol):
    """SageMaker's transform jobs of a stage, and the files that they read and write."""

    def files(self, uri: str) -> Sequence[File]:
        """The objects whose keys begin with that of an `s3://` URI, without what only stands for a folder."""

    def first_line(self, file: File) -> bytes:
        """The first line of a file, or its beginning where that is longer than any row. Raises Changed."""

    def rows(self, file: File) -> int:
        """How many lines a file has; the last one needs no end. Raises Changed."""

    def find(self, name: str) -> Run | None:
        """A job, None where there is none of that name."""

    def start(self, job: Job) -> None:
        """Start a job. Raises UsageError where SageMaker finds no input that the stage's role may list."""

    def log(self, job: str) -> Sequence[str]:
        """What SageMaker said of the job's files, the newest lines, with their times."""


@dataclass(frozen=True)
class Reach:
    """What a stage's execution role may read or write: a member of the setting, and its places."""

    option: str
    member: Literal["reads", "writes"]
    more: Sequence[str]


def check_places(stage: str, bucket: str, source: str, target: str, reads: Reach, writes: Reach) -> None:
    """Raise UsageError for places that the stage's role is not to read or write, and say what to add."""
    _check_place(stage, bucket, source, reads)
    _check_place(stage, bucket, target, writes)
    if _is_below(target, source):
        raise UsageError(
            f"--output {target} lies in --input {source}.",
            "The next run would score these answers as input, so nothing was scored.",
            "Name a folder beside the input.",
        )


def _check_place(stage: str, bucket: str, uri: str, reach: Reach) -> None:
    own = f"s3://{bucket}/{FOLDER}"
    if not uri.startswith("s3://") or not s3_uri.parts(uri)[0]:
        raise UsageError(
            f"{reach.option} {uri} is no place in S3.",
            "Nothing was scored.",
            f"Name one, for example {own}flights/.",
        )
    if any(_is_below(uri, place) for place in (own, *reach.more)):
        return
    verb = reach.member.removesuffix("s")
    raise UsageError(
        f"{reach.option} {uri} is not below {own}, nor below a place of slipway:batch.{reach.member}.",
        f"The execution role of {stage} has no right to {verb} there, so nothing was scored.",
        f"Use {own}, or add it to Pulumi.{stage}.yaml and run `pulumi up --stack {stage}`:\n"
        f"  slipway:batch:\n    {reach.member}: [{uri.rstrip('/')}]",
    )


def _is_below(uri: str, place: str) -> bool:
    folder = place if place.endswith("/") else f"{place}/"
    return f"{uri.rstrip('/')}/".startswith(folder)


def check_header(file: File, line: bytes, features: Sequence[str]) -> None:
    """Raise UsageError for a file of CSV whose first line names features instead of holding a row."""
    cells = next(csv.reader([line.decode("utf-8", "replace")]), [])
    named = [cell for cell in cells if cell in features]
    if named:
        raise UsageError(
            f"The first line of {file.uri} holds the feature's name {named[0]!r}: it looks like a header.",
            "A file is cut into requests, and a header reaches the first of them only; nothing was scored.",
            f"Take the line out; the columns have to be in this order: {', '.join(features)}.",
        )


def below(source: str, files: Sequence[File]) -> tuple[str, dict[str, str]]:
    """What the job gets as its input, and the name of each file's answers by the file's URI.

    A place is one object, or a folder with or without its `/`. Raises UsageError where it is neither.
    """
    if any(file.uri == source for file in files):
        others = [file.uri for file in files if file.uri != source]
        if others:
            raise UsageError(
                f"{source} is a file, and the beginning of others' names: {others[0]}.",
                "SageMaker takes a prefix of names and would score them all, so nothing was scored.",
                "Put it into a folder of its own and name that.",
            )
        return source, {source: f"{source.rpartition('/')[2]}.out"}
    folder = source if source.endswith("/") else f"{source}/"
    found = {
        file.uri: f"{file.uri.removeprefix(folder)}.out" for file in files if file.uri.startswith(folder)
    }
    if not found:
        raise UsageError(
            f"There is no file at {source}, nor in a folder of that name.",
            "Nothing was scored.",
            f"Bring one, for example: aws s3 cp flights.csv {folder}flights.csv",
        )
    return folder, found


def base_name(endpoint: str, model: str, job: Mapping[str, Any], files: Sequence[File]) -> str:
    """What a job of this work is called: the same model, files, place and way have the same name.

    `endpoint` is SageMaker's name of it, for which the deployer's rights are.
    """
    content = {"model": model, **job, "files": [[file.uri, file.etag] for file in files]}
    return f"{endpoint}-{names.digest(content)[: names.RELEASE_ID_LENGTH]}"


def attempt(base: str, number: int) -> str:
    """The name of the first, second, … attempt at the same work: SageMaker takes a name once, for ever."""
    return base if number == 1 else f"{base}-{number}"
