"""How a test looks at what was refused: code, message and HTTP status of a ClientError."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle

UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})
"""A client that sends what it is given, so that the server's own checks are seen."""


@dataclass
class Refusal:
    """What a call was refused with; filled when the block has ended."""

    code: str = ""
    message: str = ""
    status: int = 0
    response: Any = None


@contextmanager
def refused(code: str, words: str = "", status: int = 400) -> Generator[Refusal]:
    """The block is refused with `code`, `words` in its message and an HTTP `status`."""
    refusal = Refusal()
    with pytest.raises(ClientError) as error:
        yield refusal
    response: Any = error.value.response
    refusal.code, refusal.message = response["Error"]["Code"], response["Error"]["Message"]
    refusal.status, refusal.response = response["ResponseMetadata"]["HTTPStatusCode"], response
    assert refusal.code == code, refusal
    assert words in refusal.message, refusal
    assert refusal.status == status, refusal


def unchecked(sandbox: SandboxHandle, service: str = "sagemaker") -> Any:
    """A boto3 client that checks nothing itself."""
    return sandbox.client(service, config=UNCHECKED)
