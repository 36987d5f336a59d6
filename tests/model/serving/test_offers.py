"""A running server and what reaches it: offers of HTTP/2, proxies' targets, a batch transform's questions."""

import json
import shutil
import socket
import subprocess
from collections.abc import Generator
from pathlib import Path

import pandas as pd
import pytest

from tests.model.serving.examples import ROW, UNSEEN, expected, instances
from tests.model.serving.running import SECONDS, Server, exchange, serving

pytestmark = pytest.mark.sandbox
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
KNOWN = pytest.approx([expected(ROW)], abs=1e-6)


@pytest.fixture(scope="module")
def server(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """One server, told of two workers."""
    folder = tmp_path_factory.mktemp("server")
    with serving(
        artifact, folder, SAGEMAKER_MODEL_SERVER_WORKERS="2", SAGEMAKER_MAX_PAYLOAD_IN_MB="20"
    ) as running:
        yield running.wait_ready()


def _answers(connection: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Status and body of so many answers on one connection."""
    found = []
    with connection, connection.makefile("rb") as stream:
        for _ in range(count):
            status = int(stream.readline().split()[1])
            headers = {}
            while line := stream.readline().strip():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            found.append((status, stream.read(int(headers["content-length"]))))
    return found


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_an_offer_of_http2_is_answered_and_the_connection_stays(server: Server, chunked: bool) -> None:
    connection, body = server.raw(), instances(ROW)
    for path in (b"/invocations", b"/invocations/", b"http://a/invocations"):
        head = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" % path + OFFER
        if chunked:
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            connection.sendall(b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:]))
        else:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    connection.sendall(b"GET /ping/ HTTP/1.1\r\nHost: a\r\n" + OFFER + b"\r\n")
    *scored, ping = _answers(connection, 4)
    for status, answer in scored:
        assert status == 200
        assert json.loads(answer)["predictions"] == KNOWN
    assert ping == (200, b'{"status":"ready"}')


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_curl_offers_http2(server: Server, tmp_path: Path, chunked: bool) -> None:
    curl = shutil.which("curl")
    if curl is None or b"HTTP2" not in subprocess.run([curl, "-V"], capture_output=True, check=True).stdout:
        pytest.skip("there is no curl that speaks HTTP/2")
    (tmp_path / "body").write_bytes(instances(ROW))
    asked = [curl, "-sS", "--http2", "-m", str(int(SECONDS)), "--data-binary", f"@{tmp_path / 'body'}"]
    asked += [
        "-H",
        "Content-Type: application/json",
        *(["-H", "Transfer-Encoding: chunked"] if chunked else []),
    ]
    url = f"http://127.0.0.1:{server.port}/invocations"
    # twice, on one connection
    found = subprocess.run([*asked, url, url], capture_output=True, check=True).stdout
    assert found.count(b'{"predictions":[') == 2


def test_what_a_batch_transform_asks_and_sends(server: Server) -> None:
    connection = server.connect()
    status, _, answer = exchange(connection, "GET", "/execution-parameters")
    assert (status, json.loads(answer)) == (
        200,
        {"MaxConcurrentTransforms": 2, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 20},
    )
    body = b"red,round,3,1.5\n" * 20_000 + b"mauve: pale,flat,1e6,0\n"
    status, headers, answer = exchange(
        connection, "POST", "/invocations", body, content_type="text/csv", accept="text/csv"
    )
    assert (status, headers["content-type"]) == (200, "text/csv")
    lines = [float(line) for line in answer.splitlines()]
    assert (len(lines), lines[-1]) == (20_001, pytest.approx(expected(UNSEEN), abs=1e-6))
    connection.close()


def test_the_sagemaker_sdks_csv(server: Server) -> None:
    """Its serializer writes no header, and pandas' missing values as empty cells."""
    from sagemaker.core.serializers import CSVSerializer

    rows = [ROW, UNSEEN, ROW | {"shape": None, "weight": None}]
    serializer = CSVSerializer()
    for data in (pd.DataFrame(rows), [list(row.values()) for row in rows]):
        text = serializer.serialize(data)
        assert text.startswith("red,round,3")
        assert server.predict(text.encode(), serializer.CONTENT_TYPE) == pytest.approx(
            [expected(row) for row in rows], abs=1e-6
        )


def test_rows_without_names_refused_by_the_environment(artifact: Path, tmp_path: Path) -> None:
    with serving(artifact, tmp_path, SLIPWAY_ROWS_WITHOUT_NAMES="refuse") as strict:
        status, _, answer = strict.wait_ready().ask(
            "POST", "/invocations", b"red,round,3,1.5\n", content_type="text/csv"
        )
        assert status == 400
        assert b"SLIPWAY_ROWS_WITHOUT_NAMES" in answer
        assert strict.predict(instances(ROW)) == KNOWN
