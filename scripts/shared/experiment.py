"""What `./slipway experiment` takes and says."""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError
from rich.markup import escape

from monitoring.capture.places import EXPOSURES, OUTCOMES, of_experiment
from monitoring.experiments.planner import plan
from monitoring.experiments.report import Report, next_step, sentence
from monitoring.operations.experiments import design_of
from release.domain.errors import SlipwayError, UsageError
from release.domain.experiment import Experiment
from release.operations.experiment import Running
from scripts.shared import arguments
from scripts.shared.cli import Out

VERBS = ("plan", "start", "status", "watch", "result", "stop")
PLACE = "a file, a folder or s3://bucket/prefix; may be repeated (default: {} in the stage's bucket)"


def take(parser: argparse.ArgumentParser) -> None:
    """The arguments of all its verbs."""
    add = parser.add_argument
    add("do", metavar="|".join(VERBS), choices=VERBS, help="what to do")
    add("stage", metavar="STAGE", nargs="?", help="the stage (plan needs none)")
    arguments.endpoint(parser)
    asks = parser.add_argument_group("plan, start")
    asks.add_argument("--base", type=float, help="live's rate of the outcome, as a share: .24")
    asks.add_argument("--minimum", type=float, help="the least difference that matters: .02 is two points")
    asks.add_argument("--percent", type=arguments.whole(1, 99), default=50, help="the candidate's share")
    asks.add_argument("--alpha", type=float, default=0.05, help="how often equal ones are told apart, ever")
    asks.add_argument("--power", type=float, default=0.8, help="how often the least difference is found")
    within = "how long an outcome may take after the exposure (default 24)"
    asks.add_argument("--within-hours", type=float, default=24.0, metavar="HOURS", help=within)
    asks.add_argument(
        "--a-day", type=float, metavar="KEYS", help="plan: new keys a day, for how long it takes"
    )
    begins = parser.add_argument_group("start")
    begins.add_argument("--outcome", metavar="NAME", help="the business outcome's name: on_time")
    begins.add_argument("--from", dest="source", metavar="STAGE", help="where it is live (default: before)")
    begins.add_argument("--release", metavar="ID", help="refuse when another release is live there")
    arguments.skip(parser)
    arguments.no_commit(parser)
    looks = parser.add_argument_group("result, stop")
    for name, folder in (("--exposures", EXPOSURES), ("--outcomes", OUTCOMES)):
        where = PLACE.format(of_experiment("ID", folder))
        looks.add_argument(name, action="append", default=[], metavar="PLACE", help=where)
    ends = parser.add_argument_group("stop")
    ends.add_argument("--keep", choices=("live", "candidate"), help="the release that serves alone then")
    ends.add_argument("--because", metavar="TEXT", default="", help="why; kept in the stage's ledger")


def insist(args: argparse.Namespace, *wanted: str) -> None:
    """Raises UsageError where one of these was not given."""
    lacking = [name for name in wanted if getattr(args, name) is None]
    if lacking:
        told = ", ".join("STAGE" if name == "stage" else f"--{name}" for name in lacking)
        raise UsageError(
            f"experiment {args.do} needs {told}.", "Nothing was changed.", "See: ./slipway experiment --help"
        )


def asked(args: argparse.Namespace) -> Experiment:
    """What is to be compared. Raises UsageError for values that mean nothing."""
    insist(args, "base", "minimum", *(["outcome"] if args.do == "start" else []))
    names = ("percent", "outcome", "base", "minimum", "alpha", "power", "within_hours")
    try:
        given = {name: getattr(args, name) for name in names}
        found = Experiment(**given | {"outcome": args.outcome or "outcome"})
        if found.base + found.minimum >= 1:
            raise ValueError("base and minimum together are no rate below 1")
    except ValidationError as error:
        place, why = error.errors()[0]["loc"], error.errors()[0]["msg"]
        raise _meaningless(f"{'.'.join(map(str, place))}: {why}") from None
    except ValueError as error:
        raise _meaningless(str(error)) from None
    return found


def _meaningless(why: str) -> UsageError:
    return UsageError(
        f"No experiment can be planned so: {why}.", "Nothing was changed.", "See: ./slipway experiment --help"
    )


def planned(args: argparse.Namespace, asked: Experiment) -> tuple[dict[str, object], list[str]]:
    """A plan as values and as words."""
    design = design_of(asked)
    found = plan(design)
    days = found.days(args.a_day, args.within_hours) if args.a_day else None
    values = {
        "median": _finite(found.median),
        "exposures": _finite(found.exposures),
        "one_look": found.one_look,
        "days": None if days is None else _finite(days),
    }
    lines = [
        f"to find {100 * design.minimum:g} points from {design.base:.1%}, the candidate having "
        f"{design.percent} % of the keys:",
        f"  {_keys(found.median)} keys in the median, {_keys(found.exposures)} in {design.power:.0%} of them",
        f"  (a test with one look at its end: {found.one_look:,.0f})",
    ]
    if days is not None:
        lines.append(f"  {days:.1f} days at {args.a_day:,.0f} new keys a day" if math.isfinite(days) else "")
    return values, list(filter(None, lines))


def shown(found: Running) -> list[str]:
    """An experiment that runs, or ran."""
    state = f"ended {found.ended:%Y-%m-%d %H:%M} UTC: {found.end}" if found.ended else "runs"
    lines = [
        f"experiment [bold]{found.id}[/bold] on {found.endpoint} in {found.stage} {escape(state)}",
        f"  {found.candidate} beside {found.live}, {found.asked.percent} % of the keys, "
        f"by {found.asked.outcome}",
    ]
    return [*lines, *(f"  [red]✗ {escape(text)}[/red]" for text in found.disagreements)]


def told(report: Report, kept: Sequence[str], out: Out) -> dict[str, Any]:
    """What an experiment has come to, as values; people are told in words."""
    result = report.result
    for cause, count in sorted(result.troubles.counts.items()):
        out.note(f"set aside: {count:,} {cause} ({', '.join(result.troubles.keys.get(cause, []))})")
    return {
        "id": report.compared.id,
        "shows": result.shows,
        "sentence": sentence(result),
        "next": next_step(report),
        "lift": result.lift,
        "low": result.low,
        "high": result.high,
        "exposed": result.exposed,
        "yes": result.yes,
        "waits": result.waits,
        "set_aside": dict(result.troubles.counts),
        "named": {cause: keys for cause, keys in result.troubles.keys.items() if keys},
        "report": list(kept),
    }


def reported(
    ran: Running, look: Callable[[], Report], keep: Callable[[Report], Sequence[str]], out: Out
) -> dict[str, Any]:
    """What an experiment that has ended came to. That it cannot be told undoes nothing: it is said how to."""
    try:
        found = look()
        return told(found, keep(found), out)
    except SlipwayError as error:
        again = f"./slipway experiment result {ran.stage} --endpoint {ran.endpoint}"
        out.note(f"its report could not be made ({error.cause}); {again} makes it")
        return {"id": ran.id, "report": []}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _keys(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "more than can be waited for:"
