"""`./slipway invoke STAGE`: ask a stage's endpoint for scores, with a request of your own or a golden one."""

import argparse
import json
import sys
from pathlib import Path

from release.connect import connect
from release.domain.errors import UsageError
from release.domain.golden import media_type
from release.operations.invoke import LIMIT_BYTES, invoke
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    arguments.endpoint(parser)
    parser.add_argument("--body", help="file with the request, - for stdin (default: a golden one)")
    parser.add_argument("--content-type", default="application/json", help="of the request and the answer")


def _work(args: argparse.Namespace, out: Out) -> int:
    answer = invoke(connect(out.tell), args.stage, args.endpoint, _body(args.body), args.content_type)
    text = answer.body.decode("utf-8", errors="replace").strip()
    value = json.loads(text) if media_type(answer.content_type) == "application/json" else text
    out.result({"answer": value, "variant": answer.variant, "content_type": answer.content_type}, text)
    return 0


def _body(source: str | None) -> bytes | None:
    if source is None:
        return None
    try:
        return sys.stdin.buffer.read(LIMIT_BYTES + 1) if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error}.", "Nothing was asked.") from None


COMMAND = Command(
    name="invoke",
    summary="Ask a stage's endpoint for scores.",
    example="./slipway invoke prod --body request.json",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
