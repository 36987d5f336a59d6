"""Clients that nobody here wrote, and what they send: MLflow's, the SageMaker SDK's, pandas', pyarrow's."""

import gzip
import io
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.model.serving.examples import OTHER, ROW, UNSEEN, expected, instances
from tests.model.serving.running import Server, serving, until
from tests.model.serving.test_table_requests import FILE, PARQUET, STREAM, TABLE, WRITERS, parquet

pytestmark = pytest.mark.sandbox
ROWS = [ROW, OTHER, UNSEEN]
KNOWN = pytest.approx([expected(row) for row in ROWS], abs=1e-6)
NEW = {"colour": "red", "size": 1}


@pytest.fixture(scope="module")
def server(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """One server for the tests that do not stop it."""
    with serving(artifact, tmp_path_factory.mktemp("server")) as running:
        yield running.wait_ready()


def _children(process: int) -> list[int]:
    """The processes that `process` started and that run still."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, fields = stat.read_text().rpartition(")")
        except OSError:
            continue  # it has just ended
        state, parent, *_ = fields.split()
        if int(parent) == process and state != "Z":
            found.append(int(stat.parent.name))
    return found


def test_mlflows_client(server: Server) -> None:
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    client = ScoringServerClient("127.0.0.1", server.port)
    client.wait_server_ready(timeout=5)
    frame = pd.DataFrame(ROWS)  # its missing weight is NaN, which the client writes as that
    assert np.isnan(frame["weight"][1])
    for data in (frame, frame[["size", "colour", "weight", "shape"]], ROWS):
        assert client.invoke(data).get_predictions()[0].tolist() == KNOWN
    assert client.invoke(frame[["size", "colour"]].head(1), params={}).get_predictions().size == 1
    with pytest.raises(Exception, match=r'error code 400.*row 1, field \\"size\\"'):
        client.invoke([ROW, ROW | {"size": "x"}])


@pytest.mark.parametrize("name", ["Numpy", "JSONLines", "JSON"])
def test_the_sagemaker_sdk(server: Server, name: str) -> None:
    from sagemaker.core import deserializers, serializers

    data: dict[str, Any] = {
        "Numpy": np.array(
            [tuple(row[key] for key in ("colour", "size")) for row in (ROW, OTHER)],
            [("colour", "U8"), ("size", "f8")],
        ),
        "JSONLines": [ROW, OTHER],
        "JSON": {"instances": [ROW, OTHER]},
    }
    serializer = getattr(serializers, f"{name}Serializer")()
    deserializer = getattr(deserializers, f"{name}Deserializer")()
    body = serializer.serialize(data[name])
    status, headers, answer = server.ask(
        "POST",
        "/invocations",
        body if isinstance(body, bytes) else body.encode(),
        content_type=serializer.CONTENT_TYPE,
        accept=", ".join(deserializer.ACCEPT),
    )
    assert status == 200, answer
    found = deserializer.deserialize(io.BytesIO(answer), headers["content-type"])
    kept = ("colour", "size") if name == "Numpy" else tuple(ROW)
    known = [expected({key: row[key] for key in kept}) for row in (ROW, OTHER)]
    assert list(found["predictions"] if name == "JSON" else found) == pytest.approx(known, abs=1e-6)


def test_pandas_sends_parquet_and_reads_it(server: Server) -> None:
    body = pd.DataFrame(ROWS).to_parquet()
    status, _, answer = server.ask("POST", "/invocations", body, content_type="application/x-parquet")
    assert status == 200, answer
    assert pd.read_parquet(io.BytesIO(answer))["likely"].tolist() == KNOWN


@pytest.mark.parametrize("media", [STREAM, FILE])
def test_pyarrow_sends_arrow_and_reads_it(server: Server, media: str) -> None:
    status, headers, answer = server.ask("POST", "/invocations", WRITERS[media](TABLE), content_type=media)
    assert (status, headers["content-type"]) == (200, media)
    read = pa.ipc.open_stream if media == STREAM else pa.ipc.open_file
    assert read(answer).read_all()["likely"].to_pylist() == KNOWN


def test_gzip(server: Server) -> None:
    status, headers, answer = server.ask(
        "POST", "/invocations", gzip.compress(instances(ROW)), content_encoding="gzip"
    )
    assert (status, headers.get("content-encoding")) == (200, None), answer
    bomb = gzip.compress(b" " * 50_000_000)
    assert server.ask("POST", "/invocations", bomb, content_encoding="gzip")[0] == 413


def test_tables_from_many_callers_do_not_mix(server: Server) -> None:
    """One child reads for all of them, and some bodies end it."""
    wrong: list[str] = []

    def call(number: int) -> None:
        row = NEW | {"size": number}
        body = parquet(pa.Table.from_pylist([row] * (number + 1)))
        for turn in range(10):
            if number == 3:
                server.ask(
                    "POST", "/invocations", b"\xff\xff\xff\xff\x10" + b"\xff" * 50, content_type=STREAM
                )
                continue
            status, _, answer = server.ask("POST", "/invocations", body, content_type=PARQUET)
            found = pq.read_table(io.BytesIO(answer))["likely"].to_pylist() if status == 200 else []
            if found != pytest.approx([expected(row)] * (number + 1), abs=1e-6):
                wrong.append(f"{number}, {turn}: {status} {answer[:200]!r}")

    threads = [threading.Thread(target=call, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_pings_are_answered_while_a_table_is_read(server: Server) -> None:
    table = pa.table({"colour": [f"{row:0100d}" for row in range(400_000)], "size": [1.0] * 400_000})
    body = parquet(table, compression="zstd")
    assert len(body) < 6_000_000
    large = threading.Thread(
        target=server.ask, args=("POST", "/invocations", body), kwargs={"content_type": PARQUET}
    )
    begun = time.monotonic()
    large.start()
    pings = 0
    while large.is_alive():
        assert server.ping() == 200
        pings += 1
    assert pings > 5 * (time.monotonic() - begun)


def test_no_child_without_a_table_and_none_left_behind(artifact: Path, tmp_path: Path) -> None:
    with serving(artifact, tmp_path) as running:
        running.wait_ready()
        running.predict(instances(ROW))
        assert _children(running.process.pid) == []
        for _ in range(3):
            assert running.ask("POST", "/invocations", parquet(TABLE), content_type=PARQUET)[0] == 200
        [child] = _children(running.process.pid)
        assert running.stop() == 0
        until(lambda: not Path(f"/proc/{child}").exists(), "the child ends with its parent")


def test_a_child_that_was_killed_is_started_again(server: Server) -> None:
    assert server.ask("POST", "/invocations", parquet(TABLE), content_type=PARQUET)[0] == 200
    for child in _children(server.process.pid):
        os.kill(child, 9)
    until(lambda: not _children(server.process.pid), "the child is gone")
    assert server.ask("POST", "/invocations", parquet(TABLE), content_type=PARQUET)[0] == 200
