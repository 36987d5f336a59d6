"""`make bench-judge`: run what is missing, then write docs/judge-benchmark.md and its plots from the JSON.

All of it takes about half an hour of one core; `make bench-judge ARGS="--scale 0.1"` is a first look.
`make bench-judge ARGS=--real` instead records an A/A on real servers at several weights, for half an hour.
"""

import argparse
from pathlib import Path

from bench.judge import campaign, plots, real, real_figures, report, timing
from release.domain.policy import Policy


def main() -> None:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="make bench-judge", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of runs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=campaign.REPORT_SEED)
    parser.add_argument("--only", default="", help="only cells whose name contains this")
    parser.add_argument("--report", action="store_true", help="run nothing, report what there is")
    parser.add_argument("--real", action="store_true", help="record and judge an A/A on real servers instead")
    parser.add_argument("--seconds", type=float, default=390.0, help="of traffic to both in each real A/A")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    args = parser.parse_args()
    if args.real:
        measure_real(real.Load(rate=150.0, alone=40.0, both=args.seconds))
        return
    policy = Policy()
    if not args.report:
        wanted = [cell for cell in campaign.cells(args.scale) if args.only in cell.name]
        print(timing.measure(policy, campaign.FOLDER / report.CPU_FILE))
        for line in campaign.run(wanted, policy, args.jobs, args.seed):
            print(line, flush=True)
    print(report.write(campaign.FOLDER, args.docs))
    plots.write(campaign.FOLDER, args.docs / "plots")


def measure_real(load: real.Load) -> None:
    """Record, judge, keep and tell the A/As on real servers; the next report has them."""
    recorded = real.record(campaign.FOLDER / "real", real.WEIGHTS, load, print)
    figures = [real_figures.figure(*each) for each in zip(real.WEIGHTS, recorded, strict=True)]
    real_figures.keep(campaign.FOLDER, load, figures)
    for figure in figures:
        print(figure)


if __name__ == "__main__":
    main()
