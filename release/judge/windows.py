"""One window of telemetry: parsed, checked and merged. docs/telemetry.md has its schema.

A window says what one worker of one variant counted between two moments. Its `id` names those counts: the
same id twice is the same evidence delivered twice. Instance names are for people; no verdict depends on
them.

A container does not know which variant it is: the name of its log stream says it, and wins over what a window
says of itself.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from release.domain.captures import Aside
from release.judge.cells import CELLS, SCHEMA, SPANS, Counts

VARIANTS = ("live", "candidate")
PAIRS = {
    "service": ("requests", "errors"),
    "agreement": ("compared", "differed"),
}
"""Groups that a window gives as two numbers: a total, and how many of it are bad."""
HISTOGRAMS = ("latency", "score", "loss", "pace")
MAX_LINE = 262_144
"""Characters of a line; a full window has some 10,000."""
MAX_COUNT = 1e12
MAX_NUMBER = sys.float_info.max
"""JSON has whole numbers that no float is as large as."""
FIELDS = frozenset(
    {"schema", "id", "variant", "worker", "start", "end", "requests", "errors", "clumps", "invalid"}
    | PAIRS.keys()
    | set(HISTOGRAMS)
    | {"captured"}
)


class Refusal(StrEnum):
    """Why a window was set aside. Its counts are never used in part."""

    UNREADABLE = "unreadable"
    """Not JSON, not an object, too long, or a field is missing or of the wrong kind."""
    SCHEMA = "another schema"
    """Its bins are not those of `release/judge/cells.py`."""
    VARIANT = "unknown variant"
    NEGATIVE = "negative or fractional count"
    IMPOSSIBLE = "more of a part than of the whole"
    """More errors than requests, more predictions than answers, or a bin that does not exist."""
    INTERVAL = "no interval"
    """It does not end after it begins, or spans far more than a block."""
    CLOCK = "clock years off"
    DUPLICATE = "duplicate"
    LATE = "too late"
    RANGE = "scores of another range"
    """Its score bins are parts of another range than those of the windows before."""


@dataclass(frozen=True)
class Window:
    """A checked window: `cells` are the indexes of its non-empty cells, `counts` what they hold."""

    id: str
    variant: str
    worker: str
    start: float
    end: float
    cells: np.ndarray
    counts: np.ndarray
    last: bool = False
    """Whether the worker says that it ended with this one."""
    scores_of: tuple[float, float] | None = None
    """What its score bins are equal parts of; None where it counts no score."""
    set_aside: Mapping[str, int] = field(default_factory=dict)
    """Captured answers that are no evidence, by cause; whoever read them counted them."""

    @property
    def middle(self) -> float:
        """The middle of its interval, seconds since the epoch; the window belongs to the block around it."""
        return 0.5 * (self.start + self.end)

    @property
    def answered(self) -> float:
        """Requests answered, with or without an error."""
        span = SPANS["requests"]
        return float(self.counts[(self.cells >= span.start) & (self.cells < span.stop)].sum())

    def dense(self) -> Counts:
        """All cells."""
        vector = np.zeros(CELLS)
        vector[self.cells] = self.counts
        return vector


class Refused(Exception):
    """A window that makes no sense, with the reason in words."""

    def __init__(self, refusal: Refusal, words: str) -> None:
        super().__init__(f"{refusal}: {words}")
        self.refusal = refusal


def parse_line(line: str, stream: str = "") -> Window:
    """A window from a line of JSON, or from an event of CloudWatch Logs as JSON. Raises Refused.

    `stream` is the log stream that it came from: `<variant>/<instance>`. An event names its own.
    """
    if len(line) > MAX_LINE:
        raise Refused(
            Refusal.UNREADABLE, f"a line of {len(line)} characters; a window has at most {MAX_LINE}"
        )
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise Refused(Refusal.UNREADABLE, "not JSON") from None
    if isinstance(record, Mapping) and isinstance(record.get("message"), str):
        return parse_line(record["message"], str(record.get("logStreamName", stream)))
    return parse(record, stream)


def parse(record: object, stream: str = "") -> Window:
    """A window from JSON data. Raises Refused; fields that are not ours are ignored, as EMF adds its own."""
    if not isinstance(record, Mapping):
        raise Refused(Refusal.UNREADABLE, "not an object")
    if record.get("schema") != SCHEMA:
        raise Refused(Refusal.SCHEMA, f"{record.get('schema')!r}; this judge reads {SCHEMA!r}")
    variant, _, instance = stream.partition("/") if stream else (record.get("variant"), "", "")
    if variant not in VARIANTS:
        raise Refused(Refusal.VARIANT, f"{variant!r} is neither of {VARIANTS}")
    start, end = _time(record, "start"), _time(record, "end")
    if not start < end:
        raise Refused(Refusal.INTERVAL, f"it ends at {end} and begins at {start}")
    name = record.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= 200:
        raise Refused(Refusal.UNREADABLE, "`id` is not a text of 1 to 200 characters")
    cells, counts = _counts(record)
    # Who names no worker counts for a whole variant: nobody waits for its next report.
    worker = f"{instance}/{record['worker']}".strip("/") if record.get("worker") else ""
    last, scores_of = record.get("last") is True, _range(record)
    aside = _set_aside(record)
    return Window(name, variant, worker[:200], start, end, cells, counts, last, scores_of, aside)


def _set_aside(record: Mapping[str, Any]) -> dict[str, int]:
    """Captured answers that are no evidence, by the causes that there are. `_counts` has read `captured`."""
    if "captured" not in record:
        return {}
    told = record["captured"].get("set_aside", {})
    if not isinstance(told, Mapping) or not set(told) <= set(Aside):
        raise Refused(Refusal.UNREADABLE, "`captured.set_aside` does not count by the causes that there are")
    return {str(cause): _whole(count, f"captured.set_aside.{cause}") for cause, count in told.items()}


def _range(record: Mapping[str, Any]) -> tuple[float, float] | None:
    """What the score bins are equal parts of, None without a score. `_counts` has read the histogram."""
    score = record.get("score") or {}
    if not any(score.get("counts", ())):
        return None
    match score.get("range", [0, 1]):
        case [int() | float() as low, int() | float() as high] if -MAX_NUMBER <= low < high <= MAX_NUMBER:
            return float(low), float(high)
        case other:
            raise Refused(Refusal.UNREADABLE, f"`score.range` is {other!r}, and not two rising numbers")


def _time(record: Mapping[str, Any], key: str) -> float:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_NUMBER:
        raise Refused(Refusal.UNREADABLE, f"`{key}` is not a number of seconds since 1970")
    return float(value)


def _whole(value: object, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(Refusal.UNREADABLE, f"`{key}` is not a number")
    if not 0 <= value <= MAX_COUNT or value != int(value):
        raise Refused(Refusal.NEGATIVE, f"`{key}` is {value}")
    return int(value)


def _counts(record: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The non-empty cells of a window and what they hold."""
    head = np.zeros(SPANS["latency"].start)

    def put(group: str, good: int, bad: int) -> None:
        start = SPANS[group].start
        head[start : start + 2] = good, bad

    requests = _whole(record.get("requests", 0), "requests")
    errors = _whole(record.get("errors", 0), "errors")
    put("requests", _rest(requests, errors, "errors", "requests"), errors)
    trials, first = _clumps(record, requests, errors)
    put("clumps", trials - first, first)
    answered, invalid = requests - errors, _whole(record.get("invalid", 0), "invalid")
    if "captured" in record:
        # Of a container without windows: so many of its answers were captured and read.
        captured = _object(record, "captured")
        answered = _whole(captured.get("answers", 0), "captured.answers")
        invalid = _whole(captured.get("invalid", 0), "captured.invalid")
    put("invalid", _rest(answered, invalid, "invalid", "answered requests"), invalid)
    for group, (total, part) in PAIRS.items():
        if group in record:
            pair = _object(record, group)
            whole, bad = _whole(pair.get(total, 0), total), _whole(pair.get(part, 0), part)
            put(group, _rest(whole, bad, part, total), bad)
    some = head.nonzero()[0]
    cells, counts = [some], [head[some]]
    for group, most in (
        ("latency", answered),
        ("score", answered - invalid),
        ("loss", MAX_COUNT),
        ("pace", MAX_COUNT),
    ):
        if group in record:
            bins, filled = _histogram(_object(record, group), group)
            if filled.sum() > most:
                raise Refused(
                    Refusal.IMPOSSIBLE, f"`{group}` counts {filled.sum()} requests, of at most {most}"
                )
            cells.append(bins)
            counts.append(filled)
    return np.concatenate(cells), np.concatenate(counts).astype(float)


def _rest(whole: int, part: int, part_name: str, whole_name: str) -> int:
    if part > whole:
        raise Refused(Refusal.IMPOSSIBLE, f"{part} {part_name} of {whole} {whole_name}")
    return whole - part


def _clumps(record: Mapping[str, Any], requests: int, errors: int) -> tuple[int, int]:
    """Eligible requests and first errors of clumps; a container that does not tell them apart counts all."""
    if "clumps" not in record:
        return requests, errors
    pair = _object(record, "clumps")
    trials, first = (
        _whole(pair.get("trials", 0), "clumps.trials"),
        _whole(pair.get("first", 0), "clumps.first"),
    )
    _rest(requests, trials, "clumps.trials", "requests")
    _rest(min(errors, trials), first, "clumps.first", "errors")
    return trials, first


def _object(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record[key]
    if not isinstance(value, Mapping):
        raise Refused(Refusal.UNREADABLE, f"`{key}` is not an object")
    return value


def _histogram(given: Mapping[str, Any], group: str) -> tuple[np.ndarray, np.ndarray]:
    """Cells and counts of {"bins": [ascending], "counts": [...]}."""
    bins, counts = (
        _integers(given.get("bins"), f"{group}.bins"),
        _integers(given.get("counts"), f"{group}.counts"),
    )
    if bins.size != counts.size:
        raise Refused(Refusal.UNREADABLE, f"`{group}` has {bins.size} bins and {counts.size} counts")
    if bins.size == 0:
        return bins, counts
    if counts.min() < 0 or counts.max() > MAX_COUNT:
        raise Refused(Refusal.NEGATIVE, f"`{group}.counts` holds {counts.min()} to {counts.max()}")
    if bins[0] < 0 or bins[-1] >= SPANS[group].size or not (bins[1:] > bins[:-1]).all():
        raise Refused(Refusal.IMPOSSIBLE, f"`{group}.bins` are not ascending bins below {SPANS[group].size}")
    return bins + SPANS[group].start, counts


def _integers(value: object, key: str) -> np.ndarray:
    if not isinstance(value, list) or len(value) > CELLS:
        raise Refused(Refusal.UNREADABLE, f"`{key}` is not a list of at most {CELLS} numbers")
    if not value:
        return np.zeros(0, dtype=np.int64)
    try:
        numbers = np.array(value)
    except (ValueError, OverflowError):
        raise Refused(Refusal.UNREADABLE, f"`{key}` is not a list of numbers") from None
    if numbers.dtype != np.int64 or numbers.ndim != 1:
        wrong = Refusal.NEGATIVE if numbers.dtype.kind in "uO" else Refusal.UNREADABLE
        raise Refused(wrong, f"`{key}` holds something else than counts")
    return numbers


def merge(first: Window, second: Window) -> Window:
    """Both windows as one; they must be of one variant."""
    if first.variant != second.variant:
        raise ValueError("windows of two variants do not merge")
    total = first.dense() + second.dense()
    cells = np.flatnonzero(total)
    return Window(
        id=f"{first.id}+{second.id}",
        variant=first.variant,
        worker=first.worker,
        start=min(first.start, second.start),
        end=max(first.end, second.end),
        cells=cells,
        counts=total[cells],
        scores_of=first.scores_of or second.scores_of,
        set_aside=Counter(first.set_aside) + Counter(second.set_aside),
    )


def record(
    variant: str, start: float, end: float, counts: Counts, name: str, worker: str = "w"
) -> dict[str, Any]:
    """The JSON data of a window with these counts: the inverse of `parse`."""

    def pair(group: str) -> tuple[int, int]:
        at = SPANS[group].start
        return int(counts[at]), int(counts[at + 1])

    ok, errors = pair("requests")
    trials, first = pair("clumps")
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "id": name,
        "variant": variant,
        "worker": worker,
        "start": start,
        "end": end,
        "requests": ok + errors,
        "errors": errors,
        "clumps": {"trials": trials + first, "first": first},
        "invalid": pair("invalid")[1],
    }
    finite, invalid = pair("invalid")
    if finite + invalid and not ok + errors:
        data["captured"] = {"answers": finite + invalid, "invalid": invalid}
    for group, (total, part) in PAIRS.items():
        good, bad = pair(group)
        if good + bad:
            data[group] = {total: good + bad, part: bad}
    for group in HISTOGRAMS:
        span = SPANS[group]
        filled = counts[span.start : span.stop]
        some = np.flatnonzero(filled)
        if group == "pace" and not some.size:
            continue
        data[group] = {"bins": some.tolist(), "counts": filled[some].astype(int).tolist()}
    return data
