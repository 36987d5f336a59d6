"""What a job's DataProcessing does to a request and to its answer: filters, and the join of both. Pure.

A row of CSV is an array of its cells, which stay the texts that they are. A record of JSON is a value; where
it is an object the answer becomes its SageMakerOutput, and else both get an object of their own.
"""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from sandbox.serving.transforms.faults import NOT_PARSED_IN, NOT_PARSED_OUT, NOT_SAME_LINES, bad_data
from sandbox.serving.transforms.paths import ROOT, NotThere, Path
from sandbox.serving.transforms.records import payload, records

CSV, JSON, JSON_LINES = "CSV", "JSON", "JSON Lines"
FORMATS = {"text/csv": CSV, "application/json": JSON, "application/jsonlines": JSON_LINES}
"""The only media types that can be filtered and joined, and what the data log calls them."""

INPUT, OUTPUT = "SageMakerInput", "SageMakerOutput"


@dataclass(frozen=True)
class Processing:
    """What is selected of each record for the model, whether it is joined with its answer, what is kept.

    `by_line` says that files are cut into lines; a JSON document that is not is one record.
    """

    kind: str
    by_line: bool
    into: Path = ROOT
    join: bool = False
    out: Path = ROOT

    def request(self, batch: Sequence[bytes]) -> bytes:
        """What is posted for these records of a file. Raises FileFailed."""
        if self.into.is_root:
            return payload(batch)
        return b"\n".join(self._written(self._selected(self.into, self._read(one))) for one in batch)

    def result(self, batch: Sequence[bytes], answer: bytes) -> bytes:
        """What is stored for these records and the container's answer to them. Raises FileFailed."""
        if self.out.is_root and not self.join:
            return answer
        whole = not (self.by_line or self.kind == JSON_LINES)
        answers = [answer] if whole else [one for one in records(answer, by_line=True) if one.strip()]
        asked = [one for part in batch for one in self._inside(part)] if self.join else []
        if self.join and len(answers) != len(asked):
            raise bad_data(NOT_SAME_LINES)
        values = [self._read(one, NOT_PARSED_OUT) for one in answers]
        if self.join:
            values = [self._joined(self._read(one), value) for one, value in zip(asked, values, strict=True)]
        return b"\n".join(self._written(self._selected(self.out, value)) for value in values)

    def _inside(self, part: bytes) -> list[bytes]:
        """The records of a part of a file: JSON lines that were not cut are several."""
        return records(part, by_line=True) if self.kind == JSON_LINES else [part]

    def _joined(self, asked: Any, answered: Any) -> Any:
        if self.kind == CSV:
            return [*asked, *answered]
        if isinstance(asked, dict):
            return {**asked, OUTPUT: answered}
        return {INPUT: asked, OUTPUT: answered}

    def _selected(self, path: Path, value: Any) -> Any:
        try:
            return path.of(value)
        except NotThere as error:
            raise bad_data(f"Failed to apply filter: {error}") from error

    def _read(self, record: bytes, words: str = NOT_PARSED_IN) -> Any:
        read: Callable[[str], Any] = _cells if self.kind == CSV else json.loads
        try:
            return read(record.decode())
        except (ValueError, csv.Error) as error:
            raise bad_data(words.format(self.kind, error)) from error

    def _written(self, value: Any) -> bytes:
        if self.kind == CSV:
            return _row(value if isinstance(value, list) else [value])
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def assembled(parts: Sequence[bytes], by_line: bool) -> bytes:
    """The answers to a file's requests in their order, each with a newline at its end if asked for."""
    return b"".join(part if not by_line or part.endswith(b"\n") else part + b"\n" for part in parts)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line], strict=True), [])


def _row(cells: Sequence[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue().encode()
