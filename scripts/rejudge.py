"""`./slipway rejudge STAGE`: judge the evidence that a rollout kept again, to the same verdicts."""

import argparse

from rich.markup import escape

from release.connect import connect
from release.operations.rejudge import Again, rejudge
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    parser.add_argument("--rollout", metavar="ID", help="which one, as the ledger names it (default: newest)")
    arguments.endpoint(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    found = rejudge(connect(out.tell), args.stage, args.rollout, args.endpoint)
    out.result({"stage": args.stage, "verdicts": [_record(each) for each in found]}, *map(_line, found))
    return 0 if all(each.same for each in found) else 1


def _record(each: Again) -> dict[str, object]:
    recorded, again = each.recorded.model_dump(mode="json"), each.verdict.record()
    return {"recorded": recorded, "again": again, "evidence_whole": each.whole, "same": each.same}


def _line(each: Again) -> str:
    then, now = each.recorded, each.verdict
    said = f"step {then.step}, {then.share} %: {then.decision} by {then.requests:,} requests"
    if each.same:
        return f"[green]✓[/green] {said}, and again"
    evidence = "" if each.whole else "; its evidence was changed or is not all there"
    return f"[red]✗[/red] {said}; now {now.decision}: {escape(now.because)}{evidence}"


COMMAND = Command(
    name="rejudge",
    summary="Judge a rollout's kept evidence again: 0 when every verdict in the ledger comes out, else 1.",
    example="./slipway rejudge prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
