"""Answers that SageMaker captured, as what the judge counts: one number of each, or that there is none.

A row is one number here as in a window (docs/telemetry.md). Which one, the golden answers of the live release
say for both variants: they are the same whatever is answered.

Pure. Sources: "Capture data from real-time endpoint" in SageMaker's developer guide, and the record of its
examples: a line is one exchange, whose `captureData.endpointOutput` is the answer as text (CSV, JSON) or
BASE64. Where in an answer its numbers stand, the golden requests of the release say.

A record that cannot be read says nothing of the container: it is set aside, and named. An answer that was
read and holds no finite number where its golden requests have one is an invalid prediction.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from release.domain import answers, golden, names, s3_uri
from release.domain.golden import Golden, GoldenRequest

VERSION = "0"
"""The `eventVersion` of the records that are read."""
ROUNDED = 0.005
"""How far a probability that is written with two decimals may lie from itself."""
_NO_SUCH = (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError)


class Aside(StrEnum):
    """Why a captured answer is no evidence."""

    LINE = "captured line that is no record"
    """Not JSON: half-written, or of somebody else."""
    FORM = "captured record of another form"
    """Without an answer or a time, or of another version."""
    ENCODING = "captured answer that does not fit its encoding"
    TYPE = "captured answer of a type that no golden request has"
    """Nobody said where its numbers stand."""
    LATE = "captured answer that came after its minute was counted"
    OWN = "captured answer to a golden request"
    """Nobody's caller got it, and golden requests are asked for more often of one variant."""
    FILE = "captured file that is too large or gone"
    DENIED = "minute in which captured answers could not be read"
    BEHIND = "minute in which more captured files waited than one look reads"
    """Nothing is told until they are read: too many files come, or another process has just begun."""


class NotEvidence(Exception):
    """A line that says nothing of the container, and why."""

    def __init__(self, aside: Aside) -> None:
        super().__init__(aside.value)
        self.aside = aside


@dataclass(frozen=True)
class Answer:
    """One captured answer: when it was given, and one of its numbers; None where a number is not finite."""

    at: datetime
    number: float | None


@dataclass(frozen=True)
class Counted:
    """Which one number is counted of a row, the same of both variants."""

    classes: int = 0
    """Where rows are the probabilities of so many classes, three or more: which is the most probable one, and
    how sure. Of two classes the last probability says all."""
    each: bool = False
    """Whether a list that lies in no other one is a list of rows, and not a row."""
    place: int = -1
    """Of all other rows: where in them the number stands."""
    besides: frozenset[str] = frozenset()
    """Keys that no number is taken from: labels, shapes, versions."""

    @staticmethod
    def of(live: Golden) -> "Counted":
        """As the golden answers of the live release say, all of them together."""
        besides = answers.whole_keys(one.answer for one in live.requests if one.answer is not None)
        rows = Counted(besides=besides).rows(live)
        lengths = {len(row) for row in rows}
        if len(lengths) > 1 or 1 in lengths:
            return Counted(each=True, besides=besides)
        [length] = lengths
        if length > 2 and all(_is_distribution(row, live.tolerance) for row in rows):
            return Counted(classes=length, besides=besides)
        in_part = [place for row in rows for place, number in enumerate(row) if not answers.is_whole(number)]
        return Counted(place=max(in_part, default=-1), besides=besides)

    def rows(self, live: Golden) -> list[list[float]]:
        """The rows of its golden answers."""
        found = ((one.answer, one.scores) for one in live.requests)
        return [row for each in found for row in golden.rows_of(*each, self.each, self.besides)]

    def number(self, row: Sequence[float]) -> float:
        """Of classes the most probable one's place, from 0, with its probability added; else at the place."""
        if not self.classes:
            return float(row[self.place if self.place < len(row) else -1])
        most = max(row)
        return float(row.index(most) + most)


def _is_distribution(row: Sequence[float], tolerance: float) -> bool:
    off = len(row) * (tolerance + ROUNDED)
    return min(row) >= -tolerance and abs(sum(row) - 1) <= off


@dataclass(frozen=True)
class Reading:
    """Where the numbers of a release's answers stand: golden requests, the most precise ones first."""

    requests: tuple[GoldenRequest, ...]
    counted: Counted

    @staticmethod
    def of(requests: Golden, counted: Counted) -> "Reading":
        """As a release's golden requests say; of those that say the same, one."""
        distinct = {(_type_of(one), one.answer is None, one.answer_at): one for one in requests.requests}
        return Reading(tuple(sorted(distinct.values(), key=lambda one: -len(one.answer_at))), counted)

    def number(self, body: bytes, content_type: str, choice: int) -> float | None:
        """What is counted of an answer's `choice`-th row, in a circle; None where a number is not finite.

        Rows of one request are no independent evidence, so one of them is taken. Raises NotEvidence.
        """
        rows = self._rows(body, content_type)
        return self.counted.number(rows[choice % len(rows)]) if rows else None

    def numbers(self, body: bytes, content_type: str) -> list[float | None]:
        """What is counted of each of an answer's rows; none where one is not finite. Raises NotEvidence."""
        return [self.counted.number(row) for row in self._rows(body, content_type) or ()]

    def _rows(self, body: bytes, content_type: str) -> list[list[float]] | None:
        """The numbers of each row; None where one is not finite."""
        kind = golden.media_type(content_type)
        asked = [one for one in self.requests if _type_of(one) == kind]
        if not asked:
            raise NotEvidence(Aside.TYPE)
        for request in asked:
            try:
                found = golden.read(request, body, content_type)
                rows = golden.rows_of(found.whole, found.scores, self.counted.each, self.counted.besides)
            except _NO_SUCH:
                continue
            whole = request.answer is not None and not answers.holds_null(request.answer)
            if whole and answers.holds_null(found.whole):
                return None
            if answers.not_finite(golden.flat(found.scores)) is not None:
                return None
            if rows:
                return rows
        return None


@dataclass(frozen=True)
class Captures:
    """Where the answers of an endpoint's variants are kept, and how they are read and counted."""

    to: str
    """`s3://<bucket>/<prefix>`, as the endpoint config says."""
    readings: Mapping[str, Reading]
    """By the variant's name."""
    scores_of: tuple[float, float]
    """What the bins of scores are equal parts of."""
    grace_seconds: float
    """How long after its end a minute's answers are waited for."""

    @property
    def bucket(self) -> str:
        """The bucket."""
        return s3_uri.parts(self.to)[0]

    def folder(self, endpoint: str, variant: str, hour: datetime) -> str:
        """Under which prefix of the bucket the answers of one variant and hour lie."""
        prefix = s3_uri.parts(self.to)[1].rstrip("/")
        return f"{prefix}/{endpoint}/{variant}/{hour:%Y/%m/%d/%H}/"


def aside_words(cause: str, count: int) -> str:
    """What was set aside of a rollout's evidence, for people."""
    return f"{cause}: {count:,}" if cause in set(Aside) else f"{count:,} windows: {cause}"


@dataclass(frozen=True)
class Minutes:
    """What is followed of an endpoint whose containers print no windows."""

    objective: float
    """Its latency objective in seconds, by which SageMaker's latencies are asked for."""
    captures: Captures | None = None
    """The captured answers that are read besides."""


def range_of(live: Golden) -> tuple[float, float]:
    """What scores are told apart in: [0, span] where the expected ones lie in it, else as much on both sides.

    Of classes [0, their number]. What lies outside is counted in the first or the last bin.
    """
    counted = Counted.of(live)
    if counted.classes:
        return 0.0, float(counted.classes)
    numbers = [counted.number(row) for row in counted.rows(live)]
    low, high = min(numbers), max(numbers)
    if low >= 0 and high <= live.span:
        return 0.0, live.span
    middle, half = (low + high) / 2, max(live.span, high - low)
    return middle - half, middle + half


def read(line: bytes, reading: Reading) -> Answer:
    """The answer in one line of a capture file. Raises NotEvidence for one that says nothing."""
    try:
        record = json.loads(line)
    except _NO_SUCH:
        raise NotEvidence(Aside.LINE) from None
    try:
        if record["eventVersion"] != VERSION:
            raise NotEvidence(Aside.FORM)
        output, metadata = record["captureData"]["endpointOutput"], record["eventMetadata"]
        kind, data, encoding = output["observedContentType"], output["data"], output["encoding"]
        at = datetime.fromisoformat(metadata["inferenceTime"])
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        name = str(metadata.get("eventId", ""))
    except (*_NO_SUCH, AttributeError):
        raise NotEvidence(Aside.FORM) from None
    if not isinstance(kind, str):
        raise NotEvidence(Aside.FORM)
    if metadata.get("inferenceId") == names.OWN_REQUEST:
        raise NotEvidence(Aside.OWN)
    body = _decoded(data, encoding)
    return Answer(at, reading.number(body, kind, zlib.crc32(name.encode("utf-8", "replace"))))


def _decoded(data: Any, encoding: Any) -> bytes:
    if not isinstance(data, str) or encoding not in ("CSV", "JSON", "BASE64"):
        raise NotEvidence(Aside.ENCODING)
    try:
        return base64.b64decode(data, validate=True) if encoding == "BASE64" else data.encode()
    except (binascii.Error, ValueError):
        raise NotEvidence(Aside.ENCODING) from None


def _type_of(request: GoldenRequest) -> str:
    """The media type of the answer that a golden request expects."""
    return golden.media_type(request.accept or request.content_type)
