"""`make fuzz-serving`: hostile inputs to a real server, and nothing but answers may come of it.

No status of 500 or 503, no crash, no answer that takes 10 s, no answer of another request, right requests
scored, memory flat, nothing of a body in the log. What went wrong is kept below .build/bench/serving/fuzz/,
to be sent again with --replay. The exit code is 1 when something was found.
"""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.serving import model_files
from bench.serving.fuzz.campaign import sent
from bench.serving.fuzz.cases import KINDS
from bench.serving.fuzz.findings import kept
from bench.serving.fuzz.oracle import LONGEST, fault
from bench.serving.fuzz.trial import Found, Scope, run
from bench.serving.fuzz.vitals import ends
from bench.serving.own_server import own_server
from bench.serving.raw_http import BadAnswer, Wire
from demo.project import ROOT
from scripts.shared.cli import Command, Out
from scripts.shared.cli import run as run_command

FOLDER = ROOT / ".build" / "bench" / "serving"
DOCUMENTED_SHARE = 40
"""One input in so many is schemathesis's."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", type=int, default=200_000, metavar="N", help="inputs (default 200000)")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long (default 0: never)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other inputs (default 1)")
    parser.add_argument("--kind", choices=KINDS, help="only inputs of this kind")
    parser.add_argument("--model", choices=("logistic", "boosting"), default="logistic")
    parser.add_argument(
        "--replay", type=Path, metavar="FOLDER", help="send one finding again, and nothing else"
    )


def _work(args: argparse.Namespace, out: Out) -> int:
    out.step(f"the model: ./slipway train --model {args.model}")
    model = model_files.train(args.model, FOLDER / "load" / args.model)
    folder = FOLDER / "fuzz" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if args.replay:
        return _replay(args.replay, model.artifact, folder, out)
    documented = 0 if args.kind else args.n // DOCUMENTED_SHARE
    out.step(f"{args.n} inputs, seed {args.seed}")
    scope = Scope(args.n - documented, args.seed, documented, args.seconds, args.kind)
    found = run(model.artifact, folder, scope, out.note)
    result = _result(args, found)
    raw = folder / "fuzz.json"
    raw.write_text(json.dumps(result | {"looks": [asdict(each) for each in found.looks]}, indent=1) + "\n")
    out.result(result | {"raw": str(raw)}, *_lines(found), f"all of it: {raw}")
    return 1 if found.wrong else 0


def _replay(place: Path, artifact: Path, folder: Path, out: Out) -> int:
    case = kept(place)
    with own_server(artifact, folder) as server:
        wire, wrong, answers = Wire(server.port, 3 * LONGEST), "", []
        try:
            answers = sent(wire, case)
        except (OSError, BadAnswer) as error:
            wrong = f"{type(error).__name__}: {error}"
        finally:
            wire.close()
        wrong = wrong or fault(case, answers, 0.0)
        log = [line for line in server.log.splitlines() if " INFO " not in line]
    told = [f"{answer.status} {answer.body[:400].decode(errors='replace')}" for answer in answers]
    out.result({"fault": wrong, "answers": told, "log": log}, *told, *log, wrong or "nothing is wrong")
    return 1 if wrong else 0


def _result(args: argparse.Namespace, found: Found) -> dict[str, Any]:
    tally = found.tally
    before, after = ends(found.looks)
    return {
        "seed": args.seed,
        "inputs": tally.sent + found.documented.examples,
        "seconds": round(found.seconds, 1),
        "rate": round(found.rate, 1),
        "kinds": dict(tally.kinds.most_common()),
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "right_and_scored": tally.right,
        "slowest": tally.slow,
        "documented": {
            "operations": found.documented.operations,
            "examples": found.documented.examples,
            "statuses": {str(status): count for status, count in sorted(found.documented.statuses.items())},
        },
        "memory_mb": {"at_a_fifth": before, "at_the_end": after},
        "wrong": found.wrong,
        "findings": found.kept,
    }


def _lines(found: Found) -> list[str]:
    tally, documented = found.tally, found.documented
    before, after = ends(found.looks)
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(tally.statuses.items()))
    return [
        f"{tally.sent} inputs in {found.seconds:.0f} s ({found.rate:.0f}/s), {tally.right} right ones scored",
        f"answers: {statuses}",
        f"the slowest: {', '.join(f'{seconds:.2f} s {case}' for seconds, case in tally.slow[:3])}",
        f"schemathesis: {documented.examples} examples of {documented.operations} operations",
        f"memory of the worker: {before:.1f} MB after a fifth, {after:.1f} MB at the end",
        *(f"[red]✗[/red] {wrong}" for wrong in found.wrong),
        *([] if found.wrong else ["[green]✓[/green] nothing was found"]),
        *(f"  kept: {place}" for place in found.kept[:20]),
    ]


COMMAND = Command(
    name="fuzz-serving",
    summary="Send hostile inputs to a real server: no 500, no crash, no hang, flat memory.",
    example="make fuzz-serving N=5000 SEED=7",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run_command(COMMAND)
