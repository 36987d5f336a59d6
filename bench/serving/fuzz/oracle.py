"""What is wrong with the answers to a case, if anything is. Pure."""

import io
import json
from collections.abc import Sequence

import numpy as np

from bench.serving.fuzz.cases import Case
from bench.serving.fuzz.framing import identity
from bench.serving.raw_http import Answer

LONGEST = 10.0
"""Seconds for an answer; one that takes longer hangs."""
_STATUSES = frozenset({200, 400, 404, 405, 406, 408, 411, 413, 414, 415, 422, 431, 505})
_NAMES = """
content-type content-length x-request-id connection allow retry-after cache-control content-security-policy
referrer-policy x-content-type-options x-frame-options inference-header-content-length
x-amzn-sagemaker-custom-attributes
"""
_HEADERS = frozenset(_NAMES.split())
"""What the server sends: any other header would be a caller's."""
_JSON = "application/json"


def fault(case: Case, answers: Sequence[Answer], seconds: float) -> str:
    """What is wrong: "" when nothing is."""
    if seconds > LONGEST:
        return f"answered after {seconds:.1f} s"
    if not case.broken and len(answers) != 1:
        return f"{len(answers)} answers"
    for answer in answers:
        if wrong := _wrong(case, answer):
            return wrong
    if case.rows is not None:
        return _unscored(case.rows, answers[0])
    return ""


def _wrong(case: Case, answer: Answer) -> str:
    if answer.status not in _STATUSES:
        return f"status {answer.status}: {answer.body[:200]!r}"
    if strange := answer.headers.keys() - _HEADERS:
        return f"the header {min(strange)!r}, which the server does not send"
    if not case.broken and answer.headers.get("x-request-id") != identity(case.number):
        return f"the answer of another request: {answer.headers.get('x-request-id')!r}"
    if answer.status >= 400 and case.with_body:
        return _untold(answer)
    return ""


def _untold(answer: Answer) -> str:
    """Whether an error says what it is."""
    if answer.headers.get("content-type") != _JSON:
        return f"an error in {answer.headers.get('content-type')!r}"
    try:
        told = json.loads(answer.body)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"an error that is not told: {answer.body[:200]!r}"
    message = told if isinstance(told, str) else told.get("message", "")
    return "" if message.strip() and message.isprintable() else f"an error told as {message[:200]!r}"


def _unscored(rows: int, answer: Answer) -> str:
    """Whether a right request got its scores."""
    if answer.status != 200:
        return f"a right request got {answer.status}: {answer.body[:200]!r}"
    try:
        count = _count(answer)
    except Exception as error:  # whatever a decoder makes of bytes that are not what they should be
        return f"scores that cannot be read: {type(error).__name__}: {error}"
    return "" if count == rows else f"{count} scores for {rows} rows"


def _count(answer: Answer) -> int:
    """The scores in an answer."""
    media = answer.headers["content-type"].partition(";")[0]
    body = answer.body
    if media == _JSON:
        found = json.loads(body)
        return len(found["predictions"]) if "predictions" in found else found["outputs"][0]["shape"][0]
    if media == "application/octet-stream":
        return json.loads(body[: int(answer.headers["inference-header-content-length"])])["outputs"][0][
            "shape"
        ][0]
    if media == "application/x-npy":
        return len(np.load(io.BytesIO(body), allow_pickle=False))
    if media.endswith("parquet"):
        import pyarrow.parquet as pq

        return len(pq.read_table(io.BytesIO(body)))
    if "arrow" in media:
        import pyarrow as pa

        opened = pa.ipc.open_stream if media.endswith("stream") else pa.ipc.open_file
        return len(opened(io.BytesIO(body)).read_all())
    return len(body.splitlines())
