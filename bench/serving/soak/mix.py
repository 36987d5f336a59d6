"""The requests of the soak, ready to be sent, each with what its answer has to be. Pure: no sockets.

Rows are real ones, and the scores that scikit-learn gave them are what answers are compared with.
"""

import gzip
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.serving import payloads as p
from bench.serving.model_files import Model
from bench.serving.payloads import Body, Rows
from bench.serving.raw_http import Answer, get, post
from model.training.golden import TOLERANCE

INVOCATIONS, INFER = "/invocations", "/v2/models/delays/infer"
ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
VARIANTS = 4
"""Requests with different rows, of each kind and size."""
_TOO_LARGE = 7_000_000


@dataclass(frozen=True)
class Asked:
    """A request, and what is right about its answer. `weight` is its share of the mix.

    `window` says whether the server's windows count it, `rows` how many scores they count for it.
    """

    kind: str
    weight: float
    message: bytes
    status: int
    fault: Callable[[Answer], str]
    """What is wrong with an answer of that status; "" when nothing is."""
    window: bool = True
    rows: int = 0
    refused_rows: int = 0


class Mix:
    """All requests; drawing one is quick, so that the load costs little."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self.asked = list(asked)
        self._weights = np.cumsum([each.weight for each in self.asked]).tolist()

    def draw(self, chance: random.Random, count: int) -> list[Asked]:
        """Some requests."""
        return chance.choices(self.asked, cum_weights=self._weights, k=count)


def mix(model: Model) -> Mix:
    """The requests for one model."""
    return Mix([*_scored(model), *_refused(model), *_probes()])


_Form = tuple[str, str, Callable[[Rows], Body], Callable[[bytes], Sequence[float]], dict[int, float]]
_FORMS: tuple[_Form, ...] = (
    ("JSON", INVOCATIONS, p.records, p.predictions, {1: 40, 8: 8, 32: 6, 200: 2, 1000: 0.7}),
    ("MLflow frame", INVOCATIONS, p.frame_split, p.predictions, {1: 4, 32: 1, 1000: 0.2}),
    ("JSON lines", INVOCATIONS, p.json_lines, p.lines, {1: 2, 32: 1, 1000: 0.2}),
    ("CSV", INVOCATIONS, p.comma_separated, p.lines, {1: 3, 32: 1, 1000: 0.2}),
    ("NumPy", INVOCATIONS, p.npy, p.predictions, {1: 2, 32: 1, 1000: 0.3}),
    ("Parquet", INVOCATIONS, p.parquet, p.predictions, {1: 0.5, 32: 0.5, 1000: 0.5}),
    ("Arrow", INVOCATIONS, p.arrow, p.predictions, {1: 0.5, 32: 0.5, 1000: 0.5}),
    ("Open Inference JSON", INFER, p.open_inference, p.first_output, {1: 6, 32: 2, 1000: 0.2}),
    ("Open Inference binary", INFER, p.open_inference_binary, p.first_output, {1: 3, 32: 1, 1000: 0.3}),
)


def _scored(model: Model) -> list[Asked]:
    found = []
    for name, path, encode, decode, sizes in _FORMS:
        for size, weight in sizes.items():
            for rows, scores in _samples(model, size):
                body = encode(rows)
                message = post(path, body.content, body.headers)
                share, fault = weight / VARIANTS, _compared(decode, scores)
                found.append(Asked(f"{name}, {size}", share, message, 200, fault, rows=size))
    for rows, scores in _samples(model, 32):
        found += _other_answers(rows, scores)
    return found


def _other_answers(rows: Rows, scores: Sequence[float]) -> list[Asked]:
    """Answers in each table format, a compressed body, one row refused alone."""
    plain, size = p.records(rows), len(rows)
    found = []
    for media, read in (
        ("application/x-npy", _npy),
        ("application/vnd.apache.parquet", _parquet),
        ("application/vnd.apache.arrow.stream", _stream),
    ):
        message = post(INVOCATIONS, plain.content, plain.headers | {"Accept": media})
        kind, fault = f"answer in {media}", _compared(read, scores)
        found.append(Asked(kind, 0.3 / VARIANTS, message, 200, fault, rows=size))
    packed = post(INVOCATIONS, gzip.compress(plain.content), plain.headers | {"Content-Encoding": "gzip"})
    fault = _compared(p.predictions, scores)
    found.append(Asked("gzip", 2 / VARIANTS, packed, 200, fault, rows=size))
    wrong = p.records([*rows[:5], rows[5] | {"distance": "far"}, *rows[6:]])
    alone = post(INVOCATIONS, wrong.content, wrong.headers | {ATTRIBUTES: "invalid-rows=null"})
    fault = _compared(_without_null, [*scores[:5], *scores[6:]])
    return [*found, Asked("one row refused alone", 1 / VARIANTS, alone, 200, fault, True, size - 1, 1)]


def _refused(model: Model) -> list[Asked]:
    row = model.rows[1][0]
    right = p.records([row])

    def asked(kind: str, status: int, weight: float, content: bytes, **headers: str) -> Asked:
        named = right.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return Asked(kind, weight, post(INVOCATIONS, content, named), status, _no_error)

    large = post(INVOCATIONS, b"", right.headers | {"Expect": "100-continue"}).replace(
        b"Content-Length: 0", f"Content-Length: {_TOO_LARGE}".encode()
    )
    return [
        asked("a wrong value", 400, 1, p.records([row | {"distance": "far"}]).content),
        asked("an unknown field", 400, 0.5, p.records([row | {"distnce": 1}]).content),
        asked("no JSON", 400, 0.5, right.content[:-3]),
        asked("no body", 400, 0.3, b""),
        asked("another media type", 415, 0.5, right.content, Content_Type="text/html"),
        asked("no such answer", 406, 0.3, right.content, Accept="image/png"),
        asked("no such encoding", 415, 0.2, right.content, Content_Encoding="br"),
        asked("a bomb", 413, 0.05, _bomb(), Content_Encoding="gzip"),
        Asked("too large", 0.2, large, 413, _no_error),
        Asked("no HTTP", 0.1, b"POST /invocations HTTP/9.9 what\r\n\r\n", 400, _no_error),
    ]


def _probes() -> list[Asked]:
    return [
        Asked("ping", 2, get("/ping"), 200, _nothing, window=False),
        Asked("metrics", 0.2, get("/metrics"), 200, _no_metrics, window=False),
        Asked("model", 0.3, get("/v2/models/delays"), 200, _nothing, window=False),
        Asked("no such path", 0.3, get("/nothing"), 404, _no_error, window=False),
    ]


def _samples(model: Model, size: int) -> list[tuple[Rows, list[float]]]:
    """VARIANTS times some rows with their scores."""
    rows, scores = model.rows[1000], model.scores[1000].tolist()
    starts = [index * (1000 - size) // max(VARIANTS - 1, 1) for index in range(VARIANTS)]
    return [(rows[start : start + size], scores[start : start + size]) for start in starts]


def _compared(decode: Callable[[bytes], Sequence[float]], scores: Sequence[float]) -> Callable[[Answer], str]:
    wanted = np.array(scores)

    def fault(answer: Answer) -> str:
        try:
            found = np.array(decode(answer.body), float)
        except Exception as error:  # whatever a decoder makes of bytes that are not what was asked for
            return f"not readable: {type(error).__name__}: {error}"
        if found.shape != wanted.shape:
            return f"{found.size} scores for {wanted.size} rows"
        off = float(np.abs(found - wanted).max())
        return "" if off <= TOLERANCE else f"a score is {off:.2g} away from scikit-learn's"

    return fault


def _nothing(_answer: Answer) -> str:
    return ""


def _no_error(answer: Answer) -> str:
    try:
        return "" if json.loads(answer.body)["error"] else "an empty error"
    except (ValueError, KeyError, TypeError):
        return f"no error in JSON: {answer.body[:80]!r}"


def _no_metrics(answer: Answer) -> str:
    return "" if b"slipway_requests_total" in answer.body else "no metrics"


def _without_null(body: bytes) -> list[float]:
    return [score for score in json.loads(body)["predictions"] if score is not None]


def _npy(body: bytes) -> list[float]:
    return np.load(io.BytesIO(body), allow_pickle=False).tolist()


def _parquet(body: bytes) -> list[float]:
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(body)).column(0).to_pylist()


def _stream(body: bytes) -> list[float]:
    import pyarrow as pa

    return pa.ipc.open_stream(body).read_all().column(0).to_pylist()


def _bomb() -> bytes:
    return gzip.compress(b" " * 3 * _TOO_LARGE)
