"""Tables that are damaged, or unpack to more than they may: each is one refused request."""

import os
import resource
import signal
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from model.serving.application import Application, Request
from model.serving.errors import RequestError
from model.serving.formats.media import Format
from model.serving.formats.tables import reader
from model.serving.predictor import Model
from tests.model.serving.asking import ask, error, scores
from tests.model.serving.examples import ROW, expected
from tests.model.serving.test_table_requests import (
    FILE,
    PARQUET,
    STREAM,
    TABLE,
    WRITERS,
    arrow,
    arrow_file,
    parquet,
)

pytestmark = pytest.mark.sandbox


def _repeated(text: str, count: int) -> pa.Table:
    """A column that holds one text again and again, and the text once."""
    places = pa.array(np.zeros(count, np.int32))
    return pa.table({"colour": pa.DictionaryArray.from_arrays(places, [text])})


def _distinct(count: int) -> pa.Table:
    return pa.table({"colour": [f"{row:0200d}" for row in range(count)], "size": [1.0] * count})


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "rows": (PARQUET, lambda: parquet(_repeated("red", 1_000_001)), "1000000 rows"),
    "rows of arrow": (
        STREAM,
        lambda: arrow(_repeated("red", 1_000_001), batch=100_000, compression="zstd"),
        "1000000 rows",
    ),
    "long texts": (
        PARQUET,
        lambda: parquet(_repeated("x" * 1_000_000, 60_000), store_schema=False),
        "damaged, or unpacks to more",
    ),
    "texts": (PARQUET, lambda: parquet(_distinct(600_000), compression="zstd"), "different texts"),
    "columns": (
        PARQUET,
        lambda: parquet(pa.table({f"c{column}": [1] for column in range(1000)})),
        "1000 columns",
    ),
}


def _works(model: Model) -> None:
    answer = ask(model, parquet(TABLE.slice(0, 1)), content_type=PARQUET, accept="application/json")
    assert scores(answer) == pytest.approx([expected(ROW)], abs=1e-6)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(toys: Model, name: str) -> None:
    media, make, part = BOMBS[name]
    body = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fault = error(ask(toys, body, content_type=media))
    assert fault["status"] == 400
    assert part in fault["message"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
    _works(toys)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (PARQUET, b"PAR1"),
        (PARQUET, b"PAR1" + b"\0" * 100 + b"PAR1"),
        (PARQUET, b"PAR1" + (2**31 - 1).to_bytes(4, "little") + b"PAR1"),
        (PARQUET, parquet(TABLE)[:-20]),
        (PARQUET, b"{}"),
        (STREAM, b"\xff\xff\xff\xff" + (2**31 - 1).to_bytes(4, "little") + b"\0" * 100),
        (STREAM, b"nonsense" * 10),
        (STREAM, arrow(TABLE)[:400]),
        (FILE, b"ARROW1\0\0" + b"\0" * 50 + b"ARROW1"),
        (FILE, arrow_file(TABLE)[:-10]),
        (FILE, arrow(TABLE)),
        (STREAM, parquet(TABLE)),
    ],
    ids=range(12),
)
def test_a_damaged_body_is_refused(toys: Model, media: str, body: bytes) -> None:
    fault = error(ask(toys, body, content_type=media))
    assert (fault["status"], fault["code"]) == (400, "invalid_table")


@pytest.mark.parametrize("media", WRITERS)
def test_bodies_with_a_few_bytes_changed(toys: Model, media: str) -> None:
    """Some of these make the reading process panic and end (seeds are fixed): each is one refused request."""
    application = Application(lambda: True)
    application.ready(toys)
    good = WRITERS[media](TABLE)
    chance = np.random.default_rng(5)
    for _ in range(40):
        body = bytearray(good)
        for _ in range(chance.integers(1, 5)):
            body[chance.integers(len(body))] = chance.choice([0, 1, 127, 128, 255, chance.integers(256)])
        request = Request("POST", "/invocations", {"content-type": media}, bytes(body))
        assert application.respond(request).status in (200, 400)
    _works(toys)


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = reader.TableReader()
    body = parquet(_distinct(1))
    assert tables.read(body, Format.PARQUET, ["size"])[0] == 1
    child = tables._child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    monkeypatch.setattr(reader, "SECONDS", 0.1)
    with pytest.raises(RequestError) as refused:
        tables.read(body, Format.PARQUET, ["size"])
    assert (refused.value.status, refused.value.fault.code) == (400, "invalid_table")
    assert child.returncode == -signal.SIGKILL
    monkeypatch.undo()
    assert tables.read(body, Format.PARQUET, ["size"])[0] == 1
    tables._end(tables._running())
