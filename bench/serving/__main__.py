"""`make bench-serving`: our server and its peers on the same model, core, load and payloads.

Installs the peers, measures, prints the tables, keeps the raw numbers in .build/bench/serving/ and, after a
run of everything, writes docs/serving-benchmark.md and its plot. The exit code is 1 when a bar is missed.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from bench.serving import campaign, figures, plot, report, results
from bench.serving.campaign import Order
from bench.serving.peers import GROUPS, chosen
from bench.serving.results import Results
from demo.project import ROOT
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "serving"
PAGE = "serving-benchmark.md"
PLOT = "plots/serving-throughput.svg"
DOCUMENTED = "logistic"
"""The model of the page in docs/."""
SIZES, QUICK_SIZES = (1, 32, 1000), (1, 32)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quick", action="store_true", help="one round of one second, 1 and 32 rows, JSON only"
    )
    parser.add_argument(
        "--peers", default="", help=f"only these, beside our own; of {', '.join(GROUPS)}", metavar="A,B"
    )
    parser.add_argument("--model", choices=("logistic", "boosting"), default=DOCUMENTED)
    parser.add_argument("--rounds", type=_positive, default=3, help="rounds (default 3)")
    parser.add_argument("--seconds", type=_positive, default=4, help="seconds of one load (default 4)")
    parser.add_argument("--connections", type=_positive, default=16, help="connections (default 16)")
    parser.add_argument("--docs", type=Path, help="where the page goes (default: docs/ after a whole run)")
    parser.add_argument("--report", type=Path, metavar="JSON", help="run nothing, report these raw numbers")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.report:
        found, raw = results.from_json(json.loads(args.report.read_text(encoding="utf-8"))), args.report
    else:
        order = _order(args)
        found = campaign.run(order, out.step, out.note)
        raw = _keep(found)
    whole = args.model == DOCUMENTED and not (args.quick or args.peers or args.report)
    page = _write(found, args.docs or (ROOT / "docs" if whole else FOLDER / "report"))
    bars = figures.bars(found)
    for table in report.terminal(found):
        out.table(table)
    for line in report.problems(found):
        out.note(line, "yellow")
    out.result(_summary(found, raw), f"raw numbers: {raw}", f"the page: {page}")
    # a run of some has bars that it cannot measure
    return 0 if all(bar.met or (bar.measured is None and not whole) for bar in bars) else 1


def _order(args: argparse.Namespace) -> Order:
    groups = [name.strip() for name in args.peers.split(",") if name.strip()]
    if unknown := sorted(set(groups) - set(GROUPS)):
        raise UsageError(
            f"There is no peer {', '.join(unknown)}.\n"
            "Nothing was measured.\n"
            f"--peers takes {', '.join(GROUPS)}."
        )
    quick = args.quick
    return Order(
        peers=chosen(groups),
        model=args.model,
        rounds=1 if quick else args.rounds,
        seconds=1 if quick else args.seconds,
        brief=1 if quick else max(1, args.seconds // 2),
        connections=args.connections,
        sizes=QUICK_SIZES if quick else SIZES,
        json_only=quick,
        folder=FOLDER,
    )


class UsageError(Exception):
    """What was asked for cannot be done."""

    exit_code = 2


def _keep(found: Results) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    return path


def _write(found: Results, docs: Path) -> Path:
    page = docs / PAGE
    plot.write(found, docs / PLOT)
    page.write_text(report.markdown(found, PLOT), encoding="utf-8")
    return page


def _summary(found: Results, raw: Path) -> dict[str, object]:
    return {
        "raw": str(raw),
        "bars": [
            {"what": b.what, "bound": b.bound, "measured": b.measured, "unit": b.unit, "met": b.met}
            for b in figures.bars(found)
        ],
        "not_measured": {server.key: server.failure for server in found.servers if server.failure},
    }


COMMAND = Command(
    name="bench-serving",
    summary="Measure our server beside its peers: same model, same core, same load. Raw numbers in .build/.",
    example='make bench-serving ARGS="--quick --peers mlserver,nothing"',
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
