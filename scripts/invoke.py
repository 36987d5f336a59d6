"""`./slipway invoke STAGE`: ask a stage's endpoint for scores, with a request of your own or a golden one."""

import argparse
import json
import sys
from pathlib import Path

from release.domain import ledger
from release.domain.errors import UsageError
from release.rollout import Target
from scripts.shared import stages
from scripts.shared.cli import Command, Out, run

LIMIT_BYTES = 6 * 1024 * 1024
"""What SageMaker accepts in one invocation."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    parser.add_argument("--endpoint", default="delays", help="the endpoint (default delays)")
    parser.add_argument("--body", help="file with the request, - for stdin (default: a golden request)")
    parser.add_argument("--content-type", default="application/json", help="of the request and the answer")


def _work(args: argparse.Namespace, out: Out) -> int:
    folder = stages.project()
    target = stages.target(folder, stages.settings(folder, args.stage), args.endpoint, out)
    plan = target.plan_of(ledger.pins_of(target.settings()))
    if plan.live is None:
        raise UsageError(
            f"Endpoint {args.endpoint} has no live release in {args.stage}.",
            "Nothing was asked.",
            f"See ./slipway status {args.stage}; release or promote to it first.",
        )
    body = _body(args.body, target)
    answer = target.endpoints.invoke(plan.endpoint, body, args.content_type, args.content_type)
    text = answer["Body"].decode("utf-8", errors="replace").strip()
    value = json.loads(text) if answer["ContentType"].startswith("application/json") else text
    out.result(
        {
            "answer": value,
            "variant": answer.get("InvokedProductionVariant"),
            "content_type": answer["ContentType"],
        },
        text,
    )
    return 0


def _body(source: str | None, target: Target) -> bytes:
    if source is None:
        live = target.settings().live
        assert live is not None
        golden, _ = target.artifacts.golden(target.artifacts.manifest(live.release))
        return golden.requests[0].body.encode()
    try:
        body = sys.stdin.buffer.read(LIMIT_BYTES + 1) if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error}.", "Nothing was asked.") from None
    if len(body) > LIMIT_BYTES:
        raise UsageError(f"The request has more than {LIMIT_BYTES} bytes.", "SageMaker would refuse it.")
    return body


COMMAND = Command(
    name="invoke",
    summary="Ask a stage's endpoint for scores.",
    example="./slipway invoke prod --body request.json",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
