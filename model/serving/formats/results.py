"""Scores into the body of an answer, one for each row of the request, in the format that was agreed on.

A row that was refused alone has no score, and a score may be no number: null in JSON, JSON lines, Parquet and
Arrow, an empty line in CSV, NaN in NumPy's format.
"""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from math import isfinite

import msgspec
import numpy as np

from model.serving.answers import Answer, told
from model.serving.formats.media import Format, Media
from model.serving.formats.refusals import Refusals
from model.serving.formats.tables.encode import table

_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_FIRST = 10
"""Refused rows that a header names."""
Scores = Sequence[float | None]
Encoder = Callable[[list[float]], Answer]


def encoder(wanted: Media, output: str, refusals: Refusals | None) -> Encoder:
    """What makes the answer of a request: scores of the rows that were not refused -> 200.

    `output` names the score, where a format has names.
    """
    if refusals is not None:
        return partial(_partly, wanted, output, refusals)
    if wanted.format is Format.JSON:
        return _json
    return partial(_plain, wanted, output)


def _json(scores: list[float]) -> Answer:
    return Answer(200, Format.JSON.value, b'{"predictions":' + _encode(scores) + b"}", "", scores)


def _plain(wanted: Media, output: str, scores: list[float]) -> Answer:
    return Answer(200, wanted.name, _BODIES[wanted.format](scores, output), "", scores)


def _partly(wanted: Media, output: str, refusals: Refusals, scores: list[float]) -> Answer:
    """The answer to a caller who asked for wrong rows to be refused alone."""
    count = len(refusals.rows)
    if not count:
        return encoder(wanted, output, None)(scores)
    spread = refusals.spread(scores)
    if wanted.format is Format.JSON:
        body = with_errors(spread, refusals)
    else:
        body = _BODIES[wanted.format](spread, output)
    return Answer(200, wanted.name, body, counted_header(refusals), scores, count)


def counted_header(refusals: Refusals) -> str:
    """The header that counts the refused rows and names the first of them."""
    first = " ".join(str(row) for row in sorted(refusals.rows)[:_FIRST])
    return f"X-Amzn-SageMaker-Custom-Attributes: refused-rows={len(refusals.rows)}; first={first}\r\n"


def with_errors(scores: Sequence[object], refusals: Refusals) -> bytes:
    """The body in JSON, with what is wrong with the refused rows."""
    errors = [told(fault) for fault in refusals.faults]
    return _encode({"predictions": scores, "refused_rows": len(refusals.rows), "errors": errors})


def _json_body(scores: Scores, _output: str) -> bytes:
    return b'{"predictions":' + _encode(scores) + b"}"


def _json_lines(scores: Scores, _output: str) -> bytes:
    """One JSON value a line, as SageMaker's batch transform joins them to their inputs."""
    return _encode_lines(scores)


def _csv(scores: Scores, _output: str) -> bytes:
    lines = [repr(score) if score is not None and isfinite(score) else "" for score in scores]
    return "".join(line + "\n" for line in lines).encode()


def _npy(scores: Scores, _output: str) -> bytes:
    body = BytesIO()
    np.lib.format.write_array(body, np.array(scores, np.float32), allow_pickle=False)
    return body.getvalue()


def _table(media: Format, scores: Scores, output: str) -> bytes:
    return table({output: scores}, media)


_BODIES: dict[Format, Callable[[Scores, str], bytes]] = {
    Format.JSON: _json_body,
    Format.JSON_LINES: _json_lines,
    Format.CSV: _csv,
    Format.NPY: _npy,
    Format.PARQUET: partial(_table, Format.PARQUET),
    Format.ARROW_STREAM: partial(_table, Format.ARROW_STREAM),
    Format.ARROW_FILE: partial(_table, Format.ARROW_FILE),
}
