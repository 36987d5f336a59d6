"""InvokeEndpoint without boto3: one kept connection, so that thousands of requests take seconds."""

import http.client
from collections.abc import Generator
from contextlib import contextmanager

from sandbox.core.settings import HOST
from sandbox.testing import SandboxHandle


class PlainClient:
    """One connection to the data plane."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def invoke(self, endpoint: str, body: bytes = b"echo") -> tuple[int, str, bytes]:
        """HTTP status, invoked variant and body of one answer."""
        headers = {"Content-Type": "text/plain"}
        self._connection.request("POST", f"/endpoints/{endpoint}/invocations", body, headers)
        answer = self._connection.getresponse()
        variant = answer.headers.get("x-Amzn-Invoked-Production-Variant", "")
        return answer.status, variant, answer.read()


@contextmanager
def plain_client(sandbox: SandboxHandle) -> Generator[PlainClient]:
    """A client for a block."""
    connection = http.client.HTTPConnection(HOST, sandbox.record["port"], timeout=70)
    connection.connect()
    try:
        yield PlainClient(connection)
    finally:
        connection.close()
