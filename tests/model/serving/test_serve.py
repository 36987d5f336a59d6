"""A real server process: starting, answering, refusing, draining, and what it says when it cannot start."""

import contextlib
import json
import os
import select
import signal
import socket
import tarfile
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from model.image.extracting import extract
from tests.model.serving.examples import OTHER, ROW, expected, instances, write_artifact
from tests.model.serving.running import ENTRY, Server, ended, exchange, serving, until

pytestmark = pytest.mark.sandbox
LIMIT = 6 * 1024 * 1024
HEAD = (
    b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)
CSV_HEADER = b"colour,shape,size,weight\n"


@pytest.fixture(scope="module")
def server(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """One server for the tests that do not stop it."""
    with serving(artifact, tmp_path_factory.mktemp("server")) as running:
        yield running.wait_ready()


def _all(connection: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_it_answers_in_json_and_csv(server: Server) -> None:
    wanted = pytest.approx([expected(ROW), expected(OTHER)], abs=1e-6)
    assert server.predict(instances(ROW, OTHER)) == wanted
    csv = CSV_HEADER + "red,round,3,1.5\ngrößer,,-2.25,\n".encode()
    assert server.predict(csv, "text/csv") == wanted


def test_large_and_small_requests_at_once_do_not_mix(server: Server) -> None:
    """A single row is scored in buffers that are used again, by the loop and by the thread of large ones."""
    faults: list[str] = []

    def call(number: int) -> None:
        padding = "x" * 70_000 if number % 2 else ""
        row = {"colour": f"mauve{padding}", "size": number * 5, "weight": None if number % 3 else number}
        for _ in range(60):
            [score] = server.predict(instances(row))
            if abs(score - expected(row)) > 1e-6:
                faults.append(f"{number}: {score}")

    callers = [threading.Thread(target=call, args=(number,)) for number in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert faults == []


def test_the_released_models_golden_requests(trained: dict[str, Path], tmp_path: Path) -> None:
    """The scores are scikit-learn's, computed where the model was trained."""
    with tarfile.open(trained["boosting"] / "model.tar.gz") as packed:
        extract(packed, tmp_path / "model")
    golden = json.loads((trained["boosting"] / "golden.json").read_text())
    with serving(tmp_path / "model", tmp_path) as running:
        running.wait_ready()
        for request in golden["requests"]:
            got = running.predict(request["body"].encode(), request["content_type"])
            assert got == pytest.approx(request["scores"], abs=golden["tolerance"])


def test_a_connection_serves_many_requests(server: Server) -> None:
    connection = server.connect()
    for body, status in ((instances(ROW), 200), (b"wrong", 400), (instances(OTHER), 200)):
        answer = exchange(connection, "POST", "/invocations", body, content_type="application/json")
        assert answer[0] == status
        assert "connection" not in answer[1]
    connection.close()


def test_a_large_body_is_answered_and_ping_does_not_wait_for_it(server: Server) -> None:
    body = CSV_HEADER + b"red,round,3,1.5\n" * ((LIMIT - 100) // 16)
    with server.raw() as connection:
        connection.sendall((HEAD % len(body)).replace(b"application/json", b"text/csv") + body)
        start, pings = time.monotonic(), []
        connection.setblocking(False)
        while not _readable(connection):
            before = time.monotonic()
            assert server.ping() == 200
            pings.append(time.monotonic() - before)
        lasted = time.monotonic() - start
    assert len(pings) >= 3, pings
    assert max(pings) < lasted / 2, (pings, lasted)


def _readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_a_body_over_the_limit_is_413_for_a_real_client(server: Server, size: int) -> None:
    status, headers, body = server.ask("POST", "/invocations", b"x" * size, content_type="text/csv")
    assert (status, headers["connection"]) == (413, "close")
    assert str(LIMIT) in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    ("head", "status"),
    [(HEAD % (1000 * LIMIT), b"413"), (b"GET /", b"431"), (b"nonsense", b"400")],
    ids=["body", "head", "nonsense"],
)
def test_who_sends_far_too_much_still_reads_why_not(
    artifact: Path, tmp_path: Path, head: bytes, status: bytes
) -> None:
    """Closed at once, the kernel would answer what is under way with a reset, and lose the answer."""
    with serving(artifact, tmp_path, SAGEMAKER_MAX_PAYLOAD_IN_MB="1") as running:
        with running.wait_ready().raw() as connection:
            connection.sendall(head + b"x" * (15 * 1024 * 1024))
            assert _all(connection).startswith(b"HTTP/1.1 " + status)


def test_requests_that_come_at_once_are_answered_in_order(server: Server) -> None:
    large = instances(*[ROW] * 5000)
    small = instances(OTHER)
    with server.raw() as connection:
        connection.sendall(HEAD % len(large) + large + HEAD % len(small) + small)
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answers = _all(connection).split(b"HTTP/1.1 200 OK\r\n")[1:]
    sizes = [answer.count(b",") + 1 for answer in answers]
    assert sizes == [5000, 1, 1]
    assert answers[2].endswith(b'{"status":"ready"}')


def test_a_sender_that_ends_its_side_still_gets_its_answer(server: Server) -> None:
    for body in (instances(ROW), instances(*[ROW] * 5000)):
        with server.raw() as connection:
            connection.sendall(HEAD % len(body) + body)
            connection.shutdown(socket.SHUT_WR)
            assert _all(connection).startswith(b"HTTP/1.1 200 OK")


def test_a_sender_that_stops_half_way_is_told(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(HEAD % 100 + b'{"inst')
        connection.shutdown(socket.SHUT_WR)
        assert _all(connection).startswith(b"HTTP/1.1 400 ")


def test_who_does_not_read_is_not_read(server: Server) -> None:
    """Answers that nobody takes must not pile up; everybody else is served."""
    pings, sent = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n" * 1000, 0
    with server.raw() as connection:
        connection.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while sent < 100_000_000:
                sent += connection.send(pings)
        assert sent < 50_000_000
        assert server.ping() == 200
        memory = Path(f"/proc/{server.process.pid}/status").read_text()
        [resident] = [int(line.split()[1]) for line in memory.splitlines() if line.startswith("VmRSS")]
        assert resident < 250_000


def test_a_reset_in_the_middle_hurts_nobody(server: Server) -> None:
    for body in (instances(ROW), instances(*[ROW] * 5000)):
        with server.raw() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(HEAD % len(body) + body)
    assert server.predict(instances(ROW)) == pytest.approx([expected(ROW)], abs=1e-6)
    assert "Traceback" not in server.log


def test_while_loading_it_says_so_and_sigterm_ends_it(artifact: Path, tmp_path: Path) -> None:
    """The checksums come out of a pipe that nobody fills: loading lasts until somebody does."""
    model = write_artifact(tmp_path / "model")
    (model / "checksums.json").unlink()
    os.mkfifo(model / "checksums.json")
    with serving(model, tmp_path) as running:
        assert running.ping() == 503
        status, headers, _ = running.ask("POST", "/invocations", instances(ROW))
        assert (status, headers["retry-after"]) == (503, "1")
        assert running.stop() == 0
    with serving(model, tmp_path) as running:
        assert running.ping() == 503
        (model / "checksums.json").write_bytes((artifact / "checksums.json").read_bytes())
        running.wait_ready()


def test_a_damaged_model_never_becomes_ready(tmp_path: Path) -> None:
    model = write_artifact(tmp_path / "model")
    with (model / "model.onnx").open("ab") as graph:
        graph.write(b"!")
    done = ended(model, "serve")
    assert done.returncode == 1
    assert "model.onnx has SHA-256" in done.stderr
    assert "Upload model.tar.gz again" in done.stderr
    assert "ready" not in done.stderr.replace("become ready", "")
    assert "Traceback" not in done.stderr


def test_no_model(tmp_path: Path) -> None:
    done = ended(tmp_path / "nothing", "serve")
    assert done.returncode == 1
    assert "SM_MODEL_DIR" in done.stderr


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port(artifact: Path, workers: str, shared: bool) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=shared) as other:
        port = str(other.getsockname()[1])
        done = ended(artifact, "serve", SAGEMAKER_BIND_TO_PORT=port, SAGEMAKER_MODEL_SERVER_WORKERS=workers)
    assert done.returncode == 2
    assert f"port {port}: Address already in use" in done.stderr
    assert "SAGEMAKER_BIND_TO_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings(artifact: Path) -> None:
    done = ended(artifact, "serve", SAGEMAKER_BIND_TO_PORT="http")
    assert done.returncode == 2
    assert "SAGEMAKER_BIND_TO_PORT is 'http'" in done.stderr


def test_the_command_line(artifact: Path) -> None:
    assert (ended(artifact, "train").returncode, ended(artifact).returncode) == (2, 2)
    shown = ended(artifact, "--help")
    assert shown.returncode == 0
    assert "example:" in shown.stdout


def test_sigterm_lets_what_has_begun_end(artifact: Path, tmp_path: Path) -> None:
    body = instances(ROW)
    with serving(artifact, tmp_path) as running:
        running.wait_ready()
        idle, begun, pinging = running.raw(), running.raw(), running.raw()
        begun.sendall(HEAD % len(body) + body[:10])
        pinging.sendall(b"GET /ping HTTP/1.1\r\n")
        assert running.ping() == 200  # so the bytes before it were read
        running.process.send_signal(signal.SIGTERM)
        until(lambda: "draining 3" in running.log, "the server drains")
        with pytest.raises(ConnectionRefusedError):
            running.raw()
        assert _all(idle) == b""
        pinging.sendall(b"Host: a\r\n\r\n")
        assert _all(pinging).startswith(b"HTTP/1.1 503")
        assert running.process.poll() is None
        begun.sendall(body[10:])
        answer = _all(begun)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Connection: close" in answer
        assert running.process.wait(5) == 0
        assert "drained" in running.log
        for connection in (idle, begun, pinging):
            connection.close()


def test_sigterm_lets_a_large_request_end(artifact: Path, tmp_path: Path) -> None:
    body = CSV_HEADER + b"red,round,3,1.5\n" * 300_000
    with serving(artifact, tmp_path) as running, running.wait_ready().raw() as connection:
        connection.sendall((HEAD % len(body)).replace(b"application/json", b"text/csv") + body)
        running.process.send_signal(signal.SIGTERM)
        answer = _all(connection)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.count(b"\n0.") == 300_000
        assert running.process.wait(5) == 0


def test_sigterm_under_load_drops_no_request(artifact: Path, tmp_path: Path) -> None:
    """Eight callers on connections that stay, each until an answer says that it is the last one."""
    counts, faults = [0] * 8, []

    def call(number: int, server: Server) -> None:
        try:
            connection = server.connect()
            while True:
                status, headers, _ = exchange(
                    connection, "POST", "/invocations", instances(ROW), content_type="application/json"
                )
                assert status == 200
                counts[number] += 1
                if headers.get("connection") == "close":
                    return
        except Exception as error:
            faults.append(repr(error))

    with serving(artifact, tmp_path) as running:
        running.wait_ready()
        callers = [threading.Thread(target=call, args=(number, running)) for number in range(8)]
        for caller in callers:
            caller.start()
        until(lambda: min(counts) > 20, "every caller is served")
        assert running.stop() == 0
        for caller in callers:
            caller.join()
    assert faults == []


def test_connections_that_nobody_has_accepted_yet_are_answered(artifact: Path, tmp_path: Path) -> None:
    """The kernel accepted them for a process that is held up; SIGTERM is what it sees first then."""
    body = instances(ROW)
    with serving(artifact, tmp_path) as running:
        port = running.wait_ready().port
        running.process.send_signal(signal.SIGSTOP)
        waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        for connection in waiting:
            connection.sendall(HEAD % len(body) + body)
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGCONT)
        for connection in waiting:
            assert _all(connection).startswith(b"HTTP/1.1 200 OK")
            connection.close()
        assert running.process.wait(5) == 0


def test_ctrl_c_drains_too(artifact: Path, tmp_path: Path) -> None:
    with serving(artifact, tmp_path) as running:
        running.wait_ready()
        assert running.stop(signal.SIGINT) == 0
        assert "Traceback" not in running.log


def test_it_runs_from_any_folder_and_through_a_link(artifact: Path, tmp_path: Path) -> None:
    link = tmp_path / "serve"
    link.symlink_to(ENTRY)
    with serving(artifact, tmp_path, entry=link) as running:
        assert running.wait_ready().predict(instances(ROW)) == pytest.approx([expected(ROW)], abs=1e-6)
