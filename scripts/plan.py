"""`./slipway plan [STAGE…]`: what pulumi up would do; fails where it would lose what a pin names."""

import argparse
from dataclasses import asdict
from typing import Any

from release.connect import connect
from release.domain.planned import StagePlan, exit_code
from release.operations.plan import plan
from release.report import planned
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stages", metavar="STAGE", nargs="*", help="stages to ask (default: all)")
    add("--base", metavar="REVISION", help="say which pins differ from those of this revision of Git")
    add(
        "--markdown",
        action="store_true",
        help="print Markdown, for a pull request or the summary of a CI job",
    )


def _work(args: argparse.Namespace, out: Out) -> int:
    plans = plan(connect(out.tell), args.stages, args.base, out.tell)
    if args.markdown:
        out.markdown(planned.markdown(plans))
    else:
        for found in plans:
            _show(found, out)
    code = exit_code(plans)
    sign = {0: "[green]✓[/green]", 1: "[red]✗[/red]"}.get(code, "[yellow]![/yellow]")
    words = () if args.markdown else (f"{sign} {planned.headline(plans)}",)
    out.result({"stages": [_values(found) for found in plans], "passes": code == 0}, *words)
    return code


def _show(found: StagePlan, out: Out) -> None:
    """One stage for people: errors and findings with what to do about them."""
    out.plain(f"{found.stage}: {planned.counts(found)}")
    for change in found.changes:
        out.plain(f"  {planned.line(change)}")
    for pin in found.pins:
        out.plain(f"  pin of {pin}")
    for touched in found.touched:
        out.plain(f"  ✗ {touched.change} would be lost ({touched.change.deed.value}), and it is named:")
        for naming in touched.named_by:
            out.plain(f"      {naming}")
        out.plain(f"    {touched.next_step}")
    if found.failure:
        out.error(f"{found.stage}: {found.failure.cause}", found.failure.consequence, found.failure.next_step)


def _values(found: StagePlan) -> dict[str, Any]:
    failure = str(found.failure) if found.failure else None
    told = {name: [asdict(one) for one in getattr(found, name)] for name in ("changes", "touched", "pins")}
    return {"stage": found.stage, "made": found.made, "failure": failure, **told}


COMMAND = Command(
    name="plan",
    summary="What pulumi up would do to the stages; exit code 1 where it would lose what a pin names.",
    example="./slipway plan --base origin/main --markdown",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
