"""`make bench-drift`: run what is missing, then write docs/drift-benchmark.md from the JSON.

All of it takes about an hour of two cores; `make bench-drift ARGS="--scale 0.02"` is a first look.
"""

import argparse

from bench.monitoring.drift import campaign, real, report
from demo.project import ROOT


def main() -> None:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="make bench-drift", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of runs")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="only cells whose name contains this")
    parser.add_argument("--report", action="store_true", help="run nothing, report what there is")
    args = parser.parse_args()
    if not args.report:
        run(args)
    print(report.write(ROOT / "docs"))


def run(args: argparse.Namespace) -> None:
    """What is missing of the months, and what is quick anew."""
    if not args.only:
        for run_months in (campaign.run_daily, campaign.run_hourly):
            for line in run_months(args.scale, args.jobs):
                print(line, flush=True)
    wanted = [cell for cell in campaign.cells(args.scale) if args.only in cell.name]
    for line in campaign.run(wanted, args.jobs):
        print(line, flush=True)
    if not args.only:
        real.measure()


if __name__ == "__main__":
    main()
