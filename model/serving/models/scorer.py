"""ONNX Runtime behind one method: columns in, scores out. It parses no request and loads no file.

The graph has one input for each feature, by its name, shape [rows, 1], float32 or string, and an output named
in the schema, shape [rows] or [rows, 1], or [rows, classes] where the schema names classes.
"""

import threading
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from model.serving.errors import ArtifactError
from model.serving.models.columns import Columns, Table, from_rows, merged, missing
from model.serving.models.schema import Schema

_TYPES = {"number": "tensor(float)", "category": "tensor(string)"}
_ERRORS_ONLY = 3
BLOCK_ROWS = 16_384
"""Rows in one run of the graph, which limits the memory that it needs for intermediate results."""


class Scorer:
    """Scores columns with one graph. May be called from several threads at once."""

    def __init__(self, graph: bytes, schema: Schema) -> None:
        """Loads `graph`, compares its inputs with `schema` and warms it up. Raises ArtifactError."""
        self._session = _session(graph)
        _check_inputs(self._session, schema)
        self._output = _output(self._session, schema)
        self._row: tuple[int, ...] = (len(schema.output.classes),) if schema.output.classes else ()
        self._shape: tuple[int, ...] = (-1, *self._row)
        self._numbers = [feature.name for feature in schema.of_kind("number")]
        self._categories = [feature.name for feature in schema.of_kind("category")]
        self.missing = 0
        """Values that were missing in the rows it was asked about."""
        self._counting = threading.Lock()
        self._one = _OneRow(self)
        self._warm_up()

    def score_all(self, tables: Sequence[Table]) -> list[list[Any]]:
        """For each table the scores of its rows, found in one run of the graph (or one for each block)."""
        columns = merged(tables)
        scores = self.score(columns).tolist()
        absent = missing(columns)
        with self._counting:
            self.missing += absent
        if len(tables) == 1:
            return [scores]
        ends = list(accumulate(table.count for table in tables))
        return [scores[start:end] for start, end in pairwise([0, *ends])]

    def score(self, columns: Columns) -> npt.NDArray[np.float32]:
        """One score for each row, in order: a number, or one for each class."""
        if columns.count == 0:
            return np.empty((0, *self._row), np.float32)
        if columns.count == 1:
            return self._run(self._one.filled(columns))
        if columns.count <= BLOCK_ROWS:
            return self._run(self.feed(columns))
        return np.concatenate([self._run(self.feed(block)) for block in _blocks(columns)])

    def feed(self, columns: Columns) -> dict[str, npt.NDArray[Any]]:
        """The graph's inputs: views of the columns, no copies."""
        shape = (columns.count, 1)
        feed = {name: columns.numbers[i].reshape(shape) for i, name in enumerate(self._numbers)}
        feed |= {name: columns.categories[i].reshape(shape) for i, name in enumerate(self._categories)}
        return feed

    def empty_row(self) -> Columns:
        """One row of missing values."""
        return from_rows([[None] * len(self._numbers)], [[""] * len(self._categories)])

    def _run(self, feed: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        return np.asarray(self._session.run(self._output, feed)[0]).reshape(self._shape)

    def _warm_up(self) -> None:
        """The first run allocates. It also shows whether the output holds one score for each row."""
        one = self.empty_row()
        three = Columns(3, np.repeat(one.numbers, 3, axis=1), np.repeat(one.categories, 3, axis=1))
        try:
            sizes = [self.score(columns).shape for columns in (one, three)]
        except Exception as error:  # ONNX Runtime's exceptions share no public base class
            raise _refused(f"it fails on a row of missing values: {error}") from error
        if sizes != [(1, *self._row), (3, *self._row)]:
            raise _refused(f"its output {self._output[0]!r} does not hold one score for each row")


def _blocks(columns: Columns) -> Iterator[Columns]:
    for start in range(0, columns.count, BLOCK_ROWS):
        numbers = columns.numbers[:, start : start + BLOCK_ROWS]
        categories = columns.categories[:, start : start + BLOCK_ROWS]
        yield Columns(min(BLOCK_ROWS, columns.count - start), numbers, categories)


class _OneRow(threading.local):
    """Buffers for a single row, the same ones each time: making 18 views costs as much as the arithmetic."""

    def __init__(self, scorer: Scorer) -> None:
        self._columns = scorer.empty_row()
        self._feed = scorer.feed(self._columns)

    def filled(self, columns: Columns) -> dict[str, npt.NDArray[Any]]:
        """The graph's inputs with the one row of `columns`; valid until the thread's next call."""
        self._columns.numbers[:] = columns.numbers
        self._columns.categories[:] = columns.categories
        return self._feed


def _session(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no public base class
        raise _refused(f"ONNX Runtime cannot load it: {error}") from error


def _check_inputs(session: ort.InferenceSession, schema: Schema) -> None:
    given = {node.name: node.type for node in session.get_inputs()}
    wanted = {feature.name: _TYPES[feature.kind] for feature in schema.features}
    for name in sorted(given.keys() | wanted.keys()):
        if given.get(name) != wanted.get(name):
            graph, expected = given.get(name, "no such input"), wanted.get(name, "no such feature")
            raise _refused(f"for {name!r} it has {graph}, and schema.json {expected}")


def _output(session: ort.InferenceSession, schema: Schema) -> list[str]:
    name = schema.output.name
    if name not in (names := [node.name for node in session.get_outputs()]):
        raise _refused(f"schema.json names the output {name!r}, and it has {', '.join(names)}")
    return [name]


def _refused(why: str) -> ArtifactError:
    return ArtifactError(
        f"model.onnx cannot be served: {why}.",
        "The server cannot become ready.",
        "Export the model again, with the ONNX Runtime of model/serving/requirements.txt.",
    )
