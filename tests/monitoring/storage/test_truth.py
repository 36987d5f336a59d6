"""Truth files as they come over a real connection: one that breaks off is no file that was read."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from monitoring.quality.ports import TruthFile
from monitoring.storage.truth import TruthFolder
from release.adapters.aws import explained

CAME = datetime(2026, 3, 2, tzinfo=UTC)
HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: "a"\r\n\r\n'


@pytest.fixture
def breaking() -> Iterator[Any]:
    """A client of an S3 that sends the beginning of an object, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(HEAD + b'{"inference_id": "a"}\n')

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        thread.join()


def test_a_file_that_breaks_off_is_an_error_of_the_network_and_none_of_the_file(breaking: Any) -> None:
    folder = TruthFolder(breaking, "s3://bucket/truth")
    with pytest.raises(BotoCoreError) as broken:
        list(folder.lines(TruthFile("0123456789ab", "s3://bucket/truth/a.jsonl", CAME)))
    known = explained(broken.value)
    assert known is not None
    assert known.cause.startswith("AWS does not answer")
