"""`./slipway rollback STAGE`: the previous release serves again, by one UpdateEndpoint.

Everything the way back needs is proven first (`release/domain/preflight.py`); the pin and the stack follow
after the traffic has moved, so a broken Pulumi, Git or CI does not stand in the way.
"""

import argparse
import time

from release.domain import ledger, names, preflight
from release.domain.errors import UsageError
from release.domain.ledger import OpenRollout, Request
from release.domain.pins import ReleasePin
from release.rollout import Target, after_rollback, carry_out, open_or_resume
from scripts.shared import moving, stages
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage to take back")
    parser.add_argument("--endpoint", default="delays", help="the endpoint (default delays)")


def _work(args: argparse.Namespace, out: Out) -> int:
    started = time.monotonic()
    folder = stages.project()
    target = stages.target(folder, stages.settings(folder, args.stage), args.endpoint, out)
    goal = _goal(target)
    out.step(f"pre-flight: everything that {goal.release} needs to serve again")
    _preflight(target, goal)
    request = Request("rollback", args.endpoint, goal.release)
    rollout = open_or_resume(target, request, lambda: after_rollback(target.settings()))
    outcome = carry_out(target, rollout)
    if outcome.serves != goal.release:
        raise moving.taken_back(target, goal.release, outcome)
    seconds = time.monotonic() - started
    out.result(
        {
            "stage": args.stage,
            "endpoint": args.endpoint,
            "release": goal.release,
            "seconds": round(seconds, 2),
        },
        f"[green]✓[/green] {goal.release} serves {args.stage} again, pin and stack agree ({seconds:.1f} s)",
    )
    return 0


def _goal(target: Target) -> ReleasePin:
    """The release to go back to: of an open rollout what it replaced, else the previous pin."""
    found = _open(target)
    if found is not None and found.kind == "rollback":
        return ReleasePin.model_validate(found.after.live)
    if found is not None and found.before.live is not None:
        return ReleasePin.model_validate(found.before.live)
    settings = target.settings()
    if settings.previous is None:
        raise UsageError(
            f"Endpoint {target.endpoint} has no previous release in {target.stage}.",
            "There is nothing to go back to, so nothing was changed.",
            "Promote a good release instead: ./slipway promote FROM " + target.stage,
        )
    return settings.previous


def _open(target: Target) -> OpenRollout | None:
    if not target.artifacts.exists():
        return None
    found = ledger.open_rollout(target.ledger.tail())
    return found if found and found.endpoint == target.endpoint else None


def _preflight(target: Target, goal: ReleasePin) -> None:
    plan = target.plan_of(ledger.Pins(live=goal.model_dump()))
    assert plan.live is not None
    role = names.execution_role(target.stage, target.aws.region)
    facts = target.endpoints.rollback_facts(goal, plan.live, role)
    problems = preflight.problems(goal, plan.live.name, plan.live.model_name, facts)
    if problems:
        raise UsageError(
            f"{target.stage} cannot go back to {goal.release}: {'; '.join(problems)}.",
            "No traffic was moved.",
            f"Run pulumi up --stack {target.stage} to restore what it names, or promote a good release.",
        )


COMMAND = Command(
    name="rollback",
    summary="Serve the previous release again at once: pre-flight, one UpdateEndpoint, then pin and stack.",
    example="./slipway rollback prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
