"""`make replay`: September to December through a live endpoint of the sandbox, truth late, month by month.

A release of the example is trained and made live with capture on; every hour's flights are one request. What
was captured is put into the flights' own time, and at the end of each day quality and drift look. The page,
its plots and the JSON are in `.build/replay/`, the same at every run. `--days 14` is a first look.
"""

import argparse
import json
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from bench.monitoring.replay import days, document, records, report, retraining
from bench.monitoring.replay.flights import hours, truth
from bench.monitoring.replay.live import Live
from bench.monitoring.replay.remembered import Remembered
from demo.project import ROOT
from model.service.service import SERVICE
from release.domain.errors import ReleaseFailed
from sandbox import testing
from scripts.shared.cli import Command, Out, run

FIRST, DAYS = date(2013, 9, 1), 122
MONTHS = (9, 10, 11, 12)
BUILD = ROOT / ".build"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=DAYS, help=f"from {FIRST} on (default {DAYS})")
    parser.add_argument(
        "--docs", action="store_true", help="write docs/replay.md from what there is, no more"
    )
    parser.add_argument("--out", type=Path, default=BUILD / "replay", help="the folder of the report")


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.docs:
        found = json.loads((args.out / report.DATA).read_text(encoding="utf-8"))
        document.write(found, ROOT / "docs")
        out.result(found, f"[green]✓[/green] {ROOT / 'docs' / 'replay.md'}")
        return 0
    found = replay(args.out, args.days, out)
    out.result(found, f"\n[green]✓[/green] {args.out / report.PAGE}", *report.lines(found))
    return 0


def replay(folder: Path, count: int, out: Out) -> dict[str, Any]:
    """Replay so many days, and write the report into `folder`; what it tells, as JSON values."""
    flights = hours(SERVICE.load(BUILD).table, FIRST, count)
    shutil.rmtree(folder, ignore_errors=True)
    with testing.start(folder / "sandbox") as sandbox:
        os.environ |= sandbox.env
        live = Live(folder, sandbox)
        with out.waiting("training the example's model and making it live, captured"):
            live.release()
        bucket = live.ports.artifacts.bucket
        with out.waiting(f"{len(flights):,} requests with {sum(len(one.rows) for one in flights):,} flights"):
            live.ask(flights)
            answered = list(records.read(live.captured(bucket, len(flights))))
        _insist_on_all(flights, answered)
        with out.waiting(f"{count} days, and a look at the end of each"):
            looks = days.look(
                Remembered(sandbox.client("s3")), bucket, live.looked_at(), answered, truth(flights)
            )
    with out.waiting("what retraining would have brought"):
        models = retraining.retrained(BUILD, MONTHS) if count >= DAYS else []
    found = report.told(looks, models)
    report.write(found, folder)
    return json.loads(json.dumps(found))


def _insist_on_all(flights: list[Any], answered: list[records.Answered]) -> None:
    """Raise ReleaseFailed unless every request was captured once, with all of its rows."""
    sent = {one.begin: len(one.rows) for one in flights}
    kept = {one.hour: len(one.scores) for one in answered}
    if sent != kept or len(answered) != len(flights):
        raise ReleaseFailed(
            f"{len(answered)} captured requests are not the {len(flights)} that were sent.",
            "The replay would be of other flights; nothing was told.",
            "Run it again: make replay",
        )


COMMAND = Command(
    name="replay",
    summary="September to December through a live endpoint of the sandbox, truth late, month by month.",
    example='make replay ARGS="--days 14"',
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
