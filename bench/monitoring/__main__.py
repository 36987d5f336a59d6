"""`make bench-monitoring`: captured records by the hour, 100 million rows, generated as they are read.

Of ten hours one has requests of one row, the others of a hundred: each is measured apart. An hour is
generated, read by a process of its own, and deleted, so that the disk holds one at a time. What was read
stays read: begun again, it goes on. Then the same new hour is read with 0, 100 and 1,000 hours done. Raw
results: `.build/bench/monitoring/`. The exit code is 1 where more than 2 GB of memory were needed, a row
was lost, or hours that are done cost calls.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from bench import machine
from bench.monitoring import records
from scripts.shared.cli import Command, Out, run

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".build" / "bench" / "monitoring"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BATCHES = (1, *(100,) * 9)
DONE = (0, 100, 1000)
MOST_MB = 2048


class Reader:
    """The process that is measured."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "bench.monitoring.reader", str(root)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, hour: datetime) -> dict[str, Any]:
        """Read up to the end of an hour."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{hour.isoformat()}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=100_000_000, help="in all (default 100 million)")
    parser.add_argument("--rows-per-hour", type=int, default=1_000_000, help="(default 1 million)")
    parser.add_argument("--anew", action="store_true", help="forget what an earlier run has read")


def _work(args: argparse.Namespace, out: Out) -> int:
    scratch = FOLDER / "scratch"
    if args.anew:
        shutil.rmtree(FOLDER, ignore_errors=True)
    hours = _throughput(args.rows, args.rows_per_hour, scratch, out)
    finding = [_finding(done, out) for done in DONE]
    at = datetime.now(UTC)
    record = {
        "at": at.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "hours": hours,
        "finding": finding,
    }
    path = FOLDER / f"{at:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    out.table(_table(hours, finding))
    out.result(record, f"raw results: {path}")
    return 0 if _meets(hours, finding) else 1


def _throughput(rows: int, per_hour: int, scratch: Path, out: Out) -> list[dict[str, Any]]:
    """Each hour's figures; those of an earlier run of the same sizes are kept."""
    kept = FOLDER / f"hours-{per_hour}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    found = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    reader = Reader(scratch)
    for number in range(len(found), rows // per_hour):
        hour, batch = FIRST + number * HOUR, BATCHES[number % len(BATCHES)]
        size = records.write(scratch, hour, per_hour, batch)
        figures = {"hour": number, "batch": batch, "bytes": size, **reader.read(hour)}
        shutil.rmtree(scratch / records.BUCKET / "capture")
        with kept.open("a") as file:
            file.write(json.dumps(figures) + "\n")
        found.append(figures)
        rate = figures["rows"] / figures["seconds"]
        out.note(
            f"{(number + 1) * per_hour:,} of {rows:,} rows: {batch} a request, {rate:,.0f} rows/s, "
            f"{figures['peak_mb']:.0f} MB at most"
        )
    reader.close()
    return found


def _finding(done: int, out: Out) -> dict[str, Any]:
    """The same new hour, with so many hours done before it; then once more, with nothing new."""
    scratch = FOLDER / f"finding-{done}"
    shutil.rmtree(scratch, ignore_errors=True)
    reader = Reader(scratch)
    if done:
        reader.read(FIRST)
        reader.read(FIRST + (done - 1) * HOUR)
    else:
        reader.read(FIRST - HOUR)
        shutil.rmtree(scratch)
    new = FIRST + done * HOUR
    records.write(scratch, new, 100_000, 100)
    first = reader.read(new)
    again = reader.read(new)
    reader.close()
    shutil.rmtree(scratch)
    out.note(f"with {done:,} hours done: {sum(first['calls'].values())} calls and {first['seconds']:.2f} s")
    return {"done": done, "new": first, "nothing_new": again}


def _meets(hours: Sequence[dict[str, Any]], finding: Sequence[dict[str, Any]]) -> bool:
    whole = all(one["troubles"] == 0 and one["hours"] == 1 for one in hours)
    flat = {json.dumps(one["nothing_new"]["calls"], sort_keys=True) for one in finding}
    return whole and len(flat) == 1 and max((one["peak_mb"] for one in hours), default=0) < MOST_MB


def _table(hours: Sequence[dict[str, Any]], finding: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("what", "rows", "rows/s", "rows/s of CPU", "peak MB"):
        table.add_column(title)
    for batch in sorted(set(BATCHES)):
        of = [one for one in hours if one["batch"] == batch]
        if not of:
            continue
        rows, seconds, cpu = (sum(one[key] for one in of) for key in ("rows", "seconds", "cpu_seconds"))
        peak = max(one["peak_mb"] for one in of)
        figures = (f"{rows:,}", f"{rows / seconds:,.0f}", f"{rows / cpu:,.0f}", f"{peak:.0f}")
        table.add_row(f"{batch} rows a request", *figures)
    for one in finding:
        calls, seconds = sum(one["new"]["calls"].values()), one["new"]["seconds"]
        idle = sum(one["nothing_new"]["calls"].values())
        table.add_row(
            f"one hour more, {one['done']:,} done",
            f"{one['new']['rows']:,}",
            f"{seconds:.2f} s",
            f"{calls} calls",
            f"{idle} with nothing new",
        )
    return table


COMMAND = Command(
    name="bench-monitoring",
    summary="Captured records to tables and counts: rows a second, memory, and what hours done cost.",
    example="make bench-monitoring ARGS='--rows 4000000'",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
