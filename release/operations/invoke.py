"""Invoke: ask a stage's endpoint for scores, with a request of one's own or a golden one."""

import json
from dataclasses import dataclass

from release.domain import golden as goldens
from release.domain import names
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.golden import Golden, GoldenRequest
from release.ports import ModelAnswered, Unanswered, World

LIMIT_BYTES = 6 * 1024 * 1024
"""What SageMaker accepts in one invocation."""


@dataclass(frozen=True)
class Answer:
    """What the endpoint answered, and which variant did."""

    body: bytes
    content_type: str
    variant: str | None


def invoke(world: World, stage: str, endpoint: str | None, body: bytes | None, content_type: str) -> Answer:
    """Send `body` (None: the live release's first golden request of that content type).

    Raises UsageError when nothing is live, no golden request has that type or the body is too large,
    ReleaseFailed with the server's own words when it refused the request, or when no answer came.
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
    accept = ""
    if body is None:
        golden, _ = ports.artifacts.golden(ports.artifacts.manifest(live.release))
        request = _golden_request(golden, content_type)
        body, accept = request.body.encode(), request.accept
    if len(body) > LIMIT_BYTES:
        raise UsageError(f"The request has more than {LIMIT_BYTES} bytes.", "SageMaker would refuse it.")
    try:
        answer = ports.endpoints.invoke(names.endpoint(name, stage), body, content_type, accept=accept)
    except ModelAnswered as error:
        raise ReleaseFailed(*_in_the_servers_words(error, name, stage)) from None
    except Unanswered as error:
        raise ReleaseFailed(
            f"{name} in {stage} did not answer: {error}",
            "Nothing was changed.",
            f"Look at the request, at ./slipway status {stage}, and at the log "
            f"{names.log_group(name, stage)}.",
        ) from None
    return Answer(answer["Body"], answer["ContentType"], answer.get("InvokedProductionVariant"))


def _golden_request(golden: Golden, content_type: str) -> GoldenRequest:
    found = goldens.of_type(golden, content_type)
    if found is None:
        there = ", ".join(dict.fromkeys(request.content_type for request in golden.requests))
        raise UsageError(
            f"The release has no golden request in {content_type}; it has some in {there}.",
            "Nothing was asked.",
            f"Give a request with --body FILE --content-type {content_type}, or name one of those.",
        )
    return found


def _in_the_servers_words(error: ModelAnswered, endpoint: str, stage: str) -> tuple[str, str, str]:
    """Cause, consequence and next step of an error that the model's server itself answered."""
    if 400 <= error.status < 500:
        return (
            f"{endpoint} in {stage} refused the request with {error.status}: {_message(error.said)}",
            "Nothing was scored or changed: the endpoint works, and the request is not one that it takes.",
            "Correct what it names, then ask again; ./slipway invoke "
            f"{stage} without --body sends a request that it takes.",
        )
    return (
        f"The server of {endpoint} in {stage} failed with {error.status}: {_message(error.said)}",
        "Nothing was scored or changed.",
        f"Look at ./slipway doctor {stage}, and at the log {names.log_group(endpoint, stage)}.",
    )


def _message(said: str) -> str:
    """What an error of the inference server says to people; of another server's, all of it."""
    try:
        error = json.loads(said)["error"]
        return str(error["message"])
    except (ValueError, KeyError, TypeError):
        return said.strip() or "it gave no reason"
