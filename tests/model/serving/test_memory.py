"""A real server gives back what large bodies took."""

import re
from pathlib import Path

import pytest

from tests.model.serving.examples import ROW, instances
from tests.model.serving.running import IN_CONTAINERS, Server, exchange, serving

pytestmark = pytest.mark.sandbox
MOST_KEPT = 33.0
"""MB; without the fixed threshold it is 45."""


def _resident(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found, status
    return int(found[1]) * 1024 / 1e6


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read memory from")
@pytest.mark.skipif(IN_CONTAINERS, reason="the process is an engine's client")
def test_what_large_bodies_took_is_given_back(artifact: Path, tmp_path: Path) -> None:
    with serving(artifact, tmp_path) as server:
        connection = server.wait_ready().connect()

        def ask(body: bytes, content_type: str) -> None:
            answer = exchange(connection, "POST", "/invocations", body, content_type=content_type)
            assert answer[0] == 200

        ask(instances(ROW), "application/json")
        before = _resident(server)
        for count in (500, 3000, 20_000, 60_000, 1000, 40_000, 7000):
            ask(instances(*[ROW] * count), "application/json")
            ask(b"colour,shape,size,weight\n" + b"red,round,3,1.5\n" * 3 * count, "text/csv")
            ask(instances(ROW), "application/json")
        kept = _resident(server) - before
        connection.close()
    assert kept < MOST_KEPT
