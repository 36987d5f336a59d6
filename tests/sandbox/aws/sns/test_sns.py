"""A message to nobody."""

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle

pytestmark = pytest.mark.sandbox


def test_a_message_to_nobody_is_refused(sandbox: SandboxHandle) -> None:
    """With neither topic, target nor number."""
    with pytest.raises(ClientError) as refused:
        sandbox.client("sns").publish(Message="hello")
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"
