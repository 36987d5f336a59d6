"""One number and one seed make one case, the same each time. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from bench.serving.fuzz.arrays import npy_draft
from bench.serving.fuzz.documents import csv_draft, json_draft, lines_draft
from bench.serving.fuzz.draft import Draft
from bench.serving.fuzz.envelope import Letter, enveloped
from bench.serving.fuzz.framing import broken, whole
from bench.serving.fuzz.mangling import mangled
from bench.serving.fuzz.questions import question
from bench.serving.fuzz.tables import MEDIA, table_draft
from bench.serving.fuzz.tensors import binary_tensors, json_tensors
from model.serving.models.schema import Schema

Drafter = Callable[[Random, Schema], Draft]
DRAFTS: dict[str, tuple[float, Drafter]] = {
    "JSON": (24, json_draft),
    "JSON lines": (10, lines_draft),
    "CSV": (12, csv_draft),
    "NumPy": (12, npy_draft),
    "Parquet": (8, partial(table_draft, media="parquet")),
    "Arrow stream": (7, partial(table_draft, media="stream")),
    "Arrow file": (5, partial(table_draft, media="file")),
    "Open Inference JSON": (10, json_tensors),
    "Open Inference binary": (8, binary_tensors),
}
"""The share of each format, and what makes a draft of it."""
QUESTIONS = "no body"
_QUESTIONS_WEIGHT = 4.0
_BROKEN = 0.07
_MANGLED = 0.15
KINDS = (*DRAFTS, QUESTIONS)
assert set(MEDIA) == {"parquet", "stream", "file"}


@dataclass(frozen=True)
class Case:
    """What is sent, piece by piece. `broken`: it may be no request, so the sender ends its side after it, and
    reads what comes until the server ends too. `rows`: it is right, and gets so many scores."""

    number: int
    kind: str
    pieces: list[bytes]
    broken: bool
    with_body: bool
    """Whether its answer has a body: not that to HEAD."""
    rows: int | None


def case(seed: int, number: int, schema: Schema, kind: str | None = None) -> Case:
    """The case of this number; `kind` is one of KINDS, drawn where none is given."""
    chance = Random(f"{seed}:{number}")  # noqa: S311 - repeatable, and no secret
    if kind is None:
        weights = [*(weight for weight, _ in DRAFTS.values()), _QUESTIONS_WEIGHT]
        [kind] = chance.choices(KINDS, weights)
    letter = _letter(chance, schema, kind)
    if chance.random() < _BROKEN:
        return Case(number, kind, broken(chance, letter, number), True, True, None)
    pieces = whole(chance, letter, number)
    return Case(number, kind, pieces, False, letter.method != "HEAD", letter.rows)


def _letter(chance: Random, schema: Schema, kind: str) -> Letter:
    if kind == QUESTIONS:
        method, target = question(chance, schema)
        body = chance.choice((b"", b"", b"{}", b"x"))
        return Letter(method, target, {}, body, None)
    draft = DRAFTS[kind][1](chance, schema)
    if draft.rows is None and chance.random() < _MANGLED:
        draft = draft._replace(content=mangled(chance, draft.content))
    return enveloped(chance, draft)
