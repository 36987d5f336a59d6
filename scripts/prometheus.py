"""`./slipway prometheus STAGE --to DIR`: rules, alerts and a dashboard of a stage, for Prometheus off AWS."""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from rich.markup import escape

from monitoring.operations.prometheus import prometheus
from monitoring.prometheus.scraping import KUBERNETES, Places
from monitoring.prometheus.watched import Pace
from release.connect import connect
from scripts.shared.cli import Command, Out, run

TARGETS = (
    f"where the containers are: a URL of HTTP service discovery, or `{KUBERNETES}` (default: targets/*.json)"
)


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", metavar="STAGE")
    add("--to", metavar="DIR", type=Path, required=True, help="the folder to write the files to")
    add("--targets", metavar="WHERE", type=_where, help=TARGETS)
    add("--front", metavar="URL", type=_url, help="metrics of what stands before the containers")
    add("--alertmanager", metavar="HOST:PORT", default=Places.alertmanager, help="where Alertmanager listens")
    add("--webhook", metavar="URL", type=_url, help="who is told of alerts (default: nobody)")
    add("--every", metavar="SECONDS", type=_seconds, default=Pace.seconds, help="between two looks (15)")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text} is no URL that begins with http:// or https://")
    return text


def _where(text: str) -> str:
    return text if text == KUBERNETES else _url(text)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0.1 <= found <= 60:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0.1 to 60")
    return found


def _work(args: argparse.Namespace, out: Out) -> int:
    places = Places(args.targets or "", args.front or "", args.alertmanager)
    made = prometheus(connect(out.tell), args.stage, places, args.webhook or "", Pace(args.every))
    for name, text in made.files.items():
        file = args.to / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    files = [str(args.to / name) for name in made.files]
    if not args.webhook:
        out.note("nobody is told of an alert: give a --webhook", "yellow")
    for name in made.silent:
        out.note(f"nothing of {name} rings: its monitoring.paging.tell is `nothing`", "yellow")
    value = {"stage": made.stage, "endpoints": made.endpoints, "files": files, "silent": made.silent}
    out.result(value, f"{made.stage}: {', '.join(made.endpoints)}", *(f"  {escape(file)}" for file in files))
    return 0


COMMAND = Command(
    name="prometheus",
    summary="Write what watches a stage off AWS, for Prometheus and Alertmanager, and a dashboard.",
    example="./slipway prometheus prod --to monitoring-prod --targets kubernetes "
    "--webhook https://example.org/hook",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
