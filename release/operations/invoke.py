"""Invoke: ask a stage's endpoint for scores, with a request of one's own or a golden one."""

from dataclasses import dataclass

from release.domain import names
from release.domain.errors import ReleaseFailed, UsageError
from release.ports import Unanswered, World

LIMIT_BYTES = 6 * 1024 * 1024
"""What SageMaker accepts in one invocation."""


@dataclass(frozen=True)
class Answer:
    """What the endpoint answered, and which variant did."""

    body: bytes
    content_type: str
    variant: str | None


def invoke(world: World, stage: str, endpoint: str | None, body: bytes | None, content_type: str) -> Answer:
    """Send `body` (None: the live release's first golden request).

    Raises UsageError when nothing is live or the body is too large, ReleaseFailed when no answer came.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    live = ports.settings.endpoints[name].live
    if live is None:
        raise UsageError(
            f"Endpoint {name} has no live release in {stage}.",
            "Nothing was asked.",
            f"Bring one there first: {world.stages.entering(stage)}",
        )
    if body is None:
        golden, _ = ports.artifacts.golden(ports.artifacts.manifest(live.release))
        body = golden.requests[0].body.encode()
    if len(body) > LIMIT_BYTES:
        raise UsageError(f"The request has more than {LIMIT_BYTES} bytes.", "SageMaker would refuse it.")
    try:
        answer = ports.endpoints.invoke(names.endpoint(name, stage), body, content_type)
    except Unanswered as error:
        raise ReleaseFailed(
            f"{name} in {stage} did not answer: {error}",
            "Nothing was changed.",
            f"Look at the request, at ./slipway status {stage}, and at the log "
            f"{names.log_group(name, stage)}.",
        ) from None
    return Answer(answer["Body"], answer["ContentType"], answer.get("InvokedProductionVariant"))
