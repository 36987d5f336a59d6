"""`./slipway judge`: judge recorded evidence, or estimate how long a verdict will take.

It replays recorded windows in order of time and says the verdict after each block: of a rollout under another
policy, or of evidence made elsewhere. No AWS is asked.
"""

import argparse
from collections import deque
from pathlib import Path

from rich.table import Table

from release.connect import open_policy, open_windows
from release.domain.policy import Policy
from release.judge.estimate import Assumptions, estimate
from release.judge.verdict import Decision
from release.operations.judge import read_policy, replay
from scripts.shared.cli import Command, Out, run

CODES = {Decision.PASS: 0, Decision.FAIL: 1, Decision.HOLD: 3}
COLORS = {Decision.PASS: "green", Decision.FAIL: "red", Decision.HOLD: "yellow"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("action", nargs="?", choices=["estimate"], help="estimate: how long a verdict will take")
    add("--policy", type=Path, help="YAML or JSON (default: the built-in policy)")
    add("--windows", type=Path, help="telemetry windows, one JSON object a line")
    add("--as-it-came", action="store_true", help="replay the order of arrival, late as it was")
    add("--last", action="store_true", help="print only the last verdict")
    add("--rate", type=float, default=50.0, help="estimate: requests/s of both variants")
    add("--weight", type=float, default=25.0, help="estimate: the candidate's share in per cent")
    add("--errors", type=float, default=0.1, help="estimate: live's errors in per cent")
    add("--latency", type=float, default=70.0, help="estimate: live's median latency in milliseconds")


def _work(args: argparse.Namespace, out: Out) -> int:
    policy = Policy()
    if args.policy:
        with open_policy(args.policy) as stream:
            policy = read_policy(stream)
    return _estimate(args, policy, out) if args.action else _judge(args, policy, out)


def _judge(args: argparse.Namespace, policy: Policy, out: Out) -> int:
    with open_windows(args.windows) as stream:
        verdicts = replay(stream, policy, args.as_it_came)
        for verdict in verdicts if not args.last else deque(verdicts, maxlen=1):
            color = COLORS[verdict.decision]
            shown = f"{verdict.seconds:6.0f} s  [{color}]{verdict.decision}[/{color}]  {verdict.because}"
            out.result(verdict.record(), shown)
    if not args.json:
        out.result({}, *(f"  {reason.line()}" for reason in verdict.reasons))
        for said in verdict.aside():
            out.note(f"set aside: {said}")
    return CODES[verdict.decision]


def _estimate(args: argparse.Namespace, policy: Policy, out: Out) -> int:
    shares = {"weight": args.weight / 100, "errors": args.errors / 100}
    given = Assumptions(rate=args.rate, latency=args.latency / 1000, **shares)
    found = estimate(policy, given)
    table = Table("what", "verdict", "candidate requests", "seconds", box=None, pad_edge=False)
    for line in found:
        table.add_row(*line.words())
    out.table(table)
    out.result({"estimate": [line.record() for line in found]})
    return 0


COMMAND = Command(
    name="judge",
    summary="Judge recorded telemetry: PASS (0), FAIL (1) or HOLD (3); or estimate how long that takes.",
    example="./slipway judge --windows rollout.jsonl --json\n  ./slipway judge estimate --rate 50 --weight 5",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
