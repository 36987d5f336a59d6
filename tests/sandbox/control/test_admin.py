"""What `/_sandbox/` and the port refuse."""

import http.client

import pytest

from sandbox.core.settings import SandboxError
from sandbox.testing import SandboxHandle

pytestmark = pytest.mark.sandbox


def test_an_unknown_fault_is_refused_with_what_there_is(sandbox: SandboxHandle) -> None:
    with pytest.raises(SandboxError, match="there are: silent_rollback"):
        sandbox.faults("earthquake")
    with pytest.raises(SandboxError, match="no GET /_sandbox/nothing"):
        sandbox.ask("GET", "nothing")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:80"}, {"Origin": "https://evil.example"}, {"Host": "127.0.0.1.evil.example"}],
)
def test_a_web_page_is_not_answered(sandbox: SandboxHandle, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.record["port"])
    for path in ("/_sandbox/", "/v2/", "/"):
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 403
