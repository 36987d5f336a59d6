"""The measurements themselves: what counts as growth, what counts as dropped, and a short run of all."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.sandbox.vitals import growth
from measuring.connections import at_once, one_by_one, request

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BAD = b"HTTP/1.1 424 Failed\r\ncontent-length: 4\r\n\r\nsome"


class Script:
    """A server that answers requests by a list of bytes, in turn; None hangs up."""

    def __init__(self, answers: list[bytes | None]) -> None:
        self._answers = iter(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            # The second part of an answer would wait 40 ms for the client to acknowledge the first.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(65536):
                answer = next(self._answers, GOOD)
                if answer is None:
                    return
                for part in (answer[:30], answer[30:]):
                    connection.sendall(part)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Script]:
    script = Script(request.param)
    yield script
    script.close()


def test_growth_is_the_end_against_the_beginning_after_the_warm_up() -> None:
    assert growth([10.0] * 100) == 0
    assert growth([1.0] * 10 + [100.0] * 90) == 0, "the first tenth warms up"
    assert growth([100.0] * 80 + [120.0] * 20) == pytest.approx(0.2)
    assert growth([float(n) for n in range(100, 200)]) > 0.5
    assert growth([5.0]) == 0


@pytest.mark.parametrize("server", [[GOOD, BAD]], indirect=True)
def test_every_answer_that_is_not_200_is_bad(server: Script) -> None:
    outcome = one_by_one(server.port, request("/x"), 5)
    assert outcome.answered == 4
    assert [kind[:3] for kind in outcome.bad] == ["424"]


@pytest.mark.parametrize("server", [[GOOD, None, BAD, None]], indirect=True)
def test_a_connection_that_breaks_is_bad_and_the_load_goes_on(server: Script) -> None:
    outcome = at_once(server.port, request("/x"), connections=2, seconds=0.3, pace=1000)
    assert outcome.answered > 10
    assert sum(outcome.bad.values()) == 3


@pytest.mark.parametrize("server", [[]], indirect=True)
def test_a_pace_is_never_exceeded(server: Script) -> None:
    outcome = at_once(server.port, request("/x"), connections=4, seconds=0.5, pace=100)
    assert 0 < outcome.answered <= 52, "slower on a busy machine, never faster"


@pytest.mark.sandbox
@pytest.mark.long
def test_a_short_run_of_everything(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    options = ["--rounds=1", "--requests=50", "--seconds=0.3", "--soak-minutes=0.1", f"--out={out}", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.sandbox", *options],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    results = json.loads(done.stdout)
    assert results == json.loads(out.read_text())
    assert results["added"]["bad_answers"] == 0
    assert results["added"]["rounds"]["sandbox"][0]["rate"] > 0
    soak = results["soak"]
    assert (soak["dropped"], soak["failures"]) == (0, [])
    assert soak["answered"] > 200
    assert soak["updates"]
