"""The errors of InvokeEndpoint: ModelError from what a container answered, and how errors are sent."""

from typing import Any

from sandbox.core.asgi import Send, respond_json
from sandbox.serving.data_plane.answer import Answer, Headers
from sandbox.serving.endpoints.state import Endpoint

_STATUS = {
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
    "ModelNotReadyException": 429,
    "InternalDependencyException": 530,
    "InternalStreamFailure": 500,
}
"""The statuses of the runtime API's errors; every other is a 400."""


def error_status(code: str) -> int:
    """The HTTP status of one of the runtime API's errors."""
    return _STATUS.get(code, 400)


def log_group(endpoint: str) -> str:
    """The log group that SageMaker gives an endpoint."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def model_error(endpoint: Endpoint, stream: str, answer: Answer) -> dict[str, Any]:
    """The members of ModelError: the container's own status and message, and where its logs are."""
    original = answer.body.decode(errors="replace")
    kind = "client" if 400 <= answer.status < 500 else "server"
    group = log_group(endpoint.endpoint_name)
    console = f"https://{endpoint.region}.console.aws.amazon.com/cloudwatch/home?region={endpoint.region}"
    arn = f"arn:aws:logs:{endpoint.region}:{endpoint.account}:log-group:{group}"
    return {
        "Message": f'Received {kind} error ({answer.status}) from primary with message "{original}". '
        f"See {console}#logEventViewer:group={group} in account {endpoint.account} for more information.",
        "OriginalStatusCode": answer.status,
        "OriginalMessage": original,
        "LogStreamArn": f"{arn}:log-stream:{stream}" if stream else arn,
    }


async def send_error(
    send: Send, code: str, details: dict[str, Any], *, status: int = 0, headers: Headers | None = None
) -> None:
    """An error of the REST-JSON protocol: the code in a header, its members in the body."""
    kind = (b"x-amzn-errortype", code.encode())
    await respond_json(send, status or error_status(code), details, [kind, *(headers or [])])
