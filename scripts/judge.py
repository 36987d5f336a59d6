"""`./slipway judge`: judge recorded evidence, or plan how long a verdict will take.

`./slipway judge --policy FILE --windows FILE.jsonl` replays windows in order of time and says the
verdict after each block, so that a rollout can be judged again with another policy and evidence made
elsewhere can be judged. `./slipway judge plan --rate 50 --weight 25` answers before a rollout starts. No
AWS is asked.
"""

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.table import Table
from ruamel.yaml import YAML, YAMLError

from release.domain.errors import UsageError
from release.domain.policy import Policy
from release.judge.evidence import Evidence, in_order
from release.judge.judge import Judge
from release.judge.plan import Assumptions, plan
from release.judge.verdict import Decision, Verdict
from release.judge.windows import MAX_LINE
from scripts.shared.cli import Command, Out, run

CODES = {Decision.PASS: 0, Decision.FAIL: 1, Decision.HOLD: 3}
MAX_POLICY = 65_536
"""Bytes of a policy."""
MAX_WINDOWS = 500_000
"""Windows that are held in memory at once, some 2 kB each."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=["plan"], help="plan: how long a verdict will take")
    parser.add_argument("--policy", type=Path, help="YAML or JSON (default: the built-in policy)")
    parser.add_argument("--windows", type=Path, help="telemetry windows, one JSON object a line")
    parser.add_argument(
        "--as-it-came", action="store_true", help="replay the order of arrival, late as it was"
    )
    parser.add_argument("--last", action="store_true", help="print only the last verdict")
    parser.add_argument("--rate", type=float, default=50.0, help="plan: requests/s of both variants")
    parser.add_argument("--weight", type=float, default=25.0, help="plan: the candidate's share in per cent")
    parser.add_argument("--errors", type=float, default=0.1, help="plan: live's errors in per cent")


def _work(args: argparse.Namespace, out: Out) -> int:
    policy = read_policy(args.policy)
    if args.action == "plan":
        return _plan(args, policy, out)
    if args.windows is None:
        raise UsageError(
            "There is nothing to judge: --windows FILE.jsonl is missing.",
            "No verdict was given.",
            "Name the recorded windows (docs/telemetry.md has their schema), or use ./slipway judge plan.",
        )
    verdict = None
    for verdict in replay(args.windows, policy, args.as_it_came):
        if not args.last:
            _print(verdict, out)
    if verdict is None or args.last:
        _print(verdict or Judge(policy).verdict(), out)
    decision = verdict.decision if verdict else Decision.HOLD
    if not args.json:
        _table(verdict, out)
    return CODES[decision]


def read_policy(path: Path | None) -> Policy:
    """The policy in a file; `slipway:judge` of a stage's settings has the same keys. Raises UsageError."""
    if path is None:
        return Policy()
    try:
        if path.stat().st_size > MAX_POLICY:
            raise UsageError(f"{path} is too long for a policy.", "Nothing was judged.", "Name another file.")
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
        return Policy.model_validate(data)
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'policy'}: {e['msg']}" for e in error.errors())
        raise UsageError(
            f"{path} is a policy that cannot decide: {lines}",
            "Nothing was judged.",
            "Correct the named keys; docs/judge.md explains each with its default.",
        ) from None
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise UsageError(
            f"The policy cannot be read: {error}", "Nothing was judged.", "Name another file."
        ) from None


def replay(path: Path, policy: Policy, as_it_came: bool = False) -> Iterator[Verdict]:
    """The verdict after each block, in order of time, and one at the end. Raises UsageError.

    With `as_it_came` the lines are windows in the order of their arrival, and some may be too late.
    """
    fold = Judge(policy)
    if not as_it_came:
        blocks, evidence = in_order(_lines(path, MAX_WINDOWS), policy)
    else:
        blocks, evidence = [], Evidence(policy)
        for line in _lines(path):
            evidence.add_line(line)
            for block in evidence.take():
                fold.add(block)
                yield fold.verdict(dict(evidence.set_aside))
        blocks = evidence.take(finished=True)
    for block in blocks:
        fold.add(block)
        yield fold.verdict(dict(evidence.set_aside))
    if not blocks:
        yield fold.verdict(dict(evidence.set_aside))


def _lines(path: Path, most: int | None = None) -> Iterator[str]:
    """Lines that are not empty; of one that is too long for a window, its beginning."""
    found = 0
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(MAX_LINE + 1):
                rest = line
                while rest and not rest.endswith("\n"):
                    rest = lines.readline(MAX_LINE + 1)
                if not line.strip():
                    continue
                found += 1
                if most is not None and found > most:
                    raise UsageError(
                        f"{path} holds more than {most:,} windows, too many to put in order.",
                        "No verdict was given.",
                        "Judge a part of it, or windows in the order of their arrival: --as-it-came.",
                    )
                yield line
    except OSError as error:
        raise UsageError(
            f"The windows cannot be read: {error}", "No verdict was given.", "Name another file."
        ) from None


def _print(verdict: Verdict, out: Out) -> None:
    if out.as_json:
        print(json.dumps(_finite(verdict.record()), allow_nan=False), flush=True)
    else:
        color = {"PASS": "green", "FAIL": "red", "HOLD": "yellow"}[verdict.decision.value]
        out.result(
            {}, f"{verdict.seconds:6.0f} s  [{color}]{verdict.decision.value}[/{color}]  {verdict.because}"
        )


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _table(verdict: Verdict | None, out: Out) -> None:
    if verdict is None:
        return
    for reason in verdict.reasons:
        out.result({}, f"  {reason.line()}")
    for cause, count in verdict.set_aside.items():
        out.note(f"set aside: {count} windows: {cause}")


def _plan(args: argparse.Namespace, policy: Policy, out: Out) -> int:
    found = plan(policy, Assumptions(rate=args.rate, weight=args.weight / 100, errors=args.errors / 100))
    table = Table(box=None, pad_edge=False)
    for title in ("what", "verdict", "candidate requests", "seconds"):
        table.add_column(title)
    for line in found:
        table.add_row(line.what, line.verdict, *map(_amount, (line.requests, line.seconds)))
    out.table(table)
    out.result(_finite({"plan": [vars(line) for line in found]}))
    return 0


def _amount(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "never"


COMMAND = Command(
    name="judge",
    summary="Judge recorded telemetry of both variants: PASS (0), FAIL (1) or HOLD (3); or plan a rollout.",
    example="./slipway judge --policy policy.yaml --windows rollout.jsonl --json\n"
    "  ./slipway judge plan --rate 50 --weight 5",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
