"""`./slipway status`: what is live where: the pin, SageMaker's own answer, and where they disagree.

Reads only. Exit code 1 when a stage serves something else than its pin says, or does not serve at all.
"""

import argparse
from dataclasses import asdict, dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError
from rich.table import Table

from release.adapters.registry import Registry
from release.domain import landed, ledger
from release.rollout import Target
from scripts.shared import stages
from scripts.shared.cli import Command, Out, run


@dataclass
class Line:
    """One endpoint of one stage."""

    stage: str
    endpoint: str
    live: str | None = None
    previous: str | None = None
    status: str = "not there"
    instances: int | None = None
    digest: str | None = None
    last: str = ""
    rollout: str = ""
    disagreements: list[str] = field(default_factory=list)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stages", metavar="STAGE", nargs="*", help="stages to show (default: all)")


def _work(args: argparse.Namespace, out: Out) -> int:
    folder = stages.project()
    names = args.stages or _all_stages(folder)
    lines = [line for stage in names for line in _stage(folder, stage, out)]
    out.table(_table(lines))
    agree = not any(line.disagreements for line in lines)
    words = "[green]every stage serves what its pin says[/green]" if agree else ""
    out.result({"stages": [asdict(line) for line in lines], "agree": agree}, *filter(None, [words]))
    return 0 if agree else 1


def _all_stages(folder: Path) -> list[str]:
    order = {"dev": 0, "staging": 1, "prod": 2}
    found = [path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml")]
    return sorted(found, key=lambda stage: (order.get(stage, len(order)), stage))


def _stage(folder: Path, stage: str, out: Out) -> list[Line]:
    found = stages.settings(folder, stage)
    return [look(stages.target(folder, found, endpoint, out)) for endpoint in found.endpoints]


def look(target: Target) -> Line:
    """What the stage's data and AWS say about one endpoint."""
    settings = target.settings()
    plan = target.plan_of(ledger.pins_of(settings))
    line = Line(target.stage, target.endpoint)
    line.live = settings.live.release if settings.live else None
    line.previous = settings.previous.release if settings.previous else None
    description = target.endpoints.describe(plan.endpoint)
    if description:
        line.status = description["EndpointStatus"]
        line.instances = sum(
            v.get("CurrentInstanceCount") or 0 for v in description.get("ProductionVariants", [])
        )
    line.digest = plan.live_digest
    line.disagreements = [str(found) for found in landed.compare(plan, description)]
    reason = landed.failure_reason(description)
    if reason and line.disagreements:
        line.disagreements.append(f"SageMaker's reason: {reason}")
    line.disagreements += _kept(target)
    _history(target, line)
    return line


def _kept(target: Target) -> list[str]:
    """What a stage names and its registry or bucket no longer has."""
    missing = []
    registry = Registry(target.aws)
    for pin in target.settings().pins:
        if not registry.has(pin.digest):
            missing.append(f"the image of {pin.release} is not in the registry")
        if target.artifacts.model_sha256(pin.model) != pin.sha256:
            missing.append(f"the artifact of {pin.release} is missing or changed")
    return missing


def _history(target: Target, line: Line) -> None:
    if not target.artifacts.exists():
        line.last = "not provisioned"
        return
    try:
        entries = target.ledger.entries()
    except ClientError as error:
        line.disagreements.append(f"the ledger cannot be read: {error}")
        return
    broken = ledger.broken_link(entries)
    if broken:
        line.disagreements.append(f"the ledger was changed: {broken}")
    if entries:
        last = entries[-1]
        line.last = f"{last.kind} {last.release} {last.event} {last.at[5:16].replace('T', ' ')}Z"
    found = ledger.open_rollout(entries)
    if found:
        state = "under way" if target.ledger.owner_alive(found) else "stopped half-way"
        line.rollout = f"{found.kind} of {found.release} {state} at {found.last_event}"


def _table(lines: list[Line]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("stage", "endpoint", "live", "previous", "SageMaker", "instances", "last in the ledger"):
        table.add_column(title)
    for line in lines:
        status = f"[red]{line.status}[/red]" if line.disagreements else line.status
        cells = (line.live or "-", line.previous or "-", status, str(line.instances or "-"), line.last)
        table.add_row(line.stage, line.endpoint, *cells)
        for text in line.disagreements:
            table.add_row("", "", f"[red]✗ {text}[/red]")
        if line.rollout:
            table.add_row("", "", f"[yellow]… {line.rollout}[/yellow]")
    return table


COMMAND = Command(
    name="status",
    summary="What is live where: pin, SageMaker's answer and health, and where they disagree.",
    example="./slipway status prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
