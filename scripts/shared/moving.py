"""What `release` and `promote` share: gates, then the rollout, then the result in words and JSON."""

from collections.abc import Sequence

from release.domain import gates, landed, ledger, names
from release.domain.errors import ReleaseFailed
from release.domain.ledger import Kind, Request
from release.domain.manifest import Manifest
from release.domain.pins import ReleasePin
from release.rollout import Outcome, Target, after_rollout, carry_out, open_or_resume, smoke
from scripts.shared.cli import Out


def check_gates(target: Target, content: Manifest, required: Sequence[str], kind: Kind, out: Out) -> None:
    """Evaluate the stage's gates; a refusal goes into the ledger, and raises ReleaseFailed."""
    results = gates.evaluate(content, required, target.aws.on_loopback)
    bad = gates.failed(results)
    out.step(f"gates: {len(results) - len(bad)} of {len(results)} passed")
    if not bad:
        return
    reasons = [f"{gate.name}: {gate.reason}" for gate in bad]
    if target.artifacts.exists():
        target.ledger.append(kind, "refused", target.endpoint, content.id, "", reasons=reasons)
    raise ReleaseFailed(
        f"Release {content.id} is refused by {target.stage}: {'; '.join(reasons)}",
        "Nothing was pinned and no traffic moved.",
        "Correct the model or the image and release it anew.",
    )


def roll_out(target: Target, request: Request, pin: ReleasePin, out: Out) -> int:
    """Make `pin` live in the stage and verify it; 0 when it is, else an error is raised."""
    before = target.settings()
    changed = not _already_live(target, pin, out)
    if changed:
        rollout = open_or_resume(
            target,
            request,
            lambda: after_rollout(before, pin, target.endpoints.desired_count(_endpoint(target))),
        )
        outcome = carry_out(target, rollout)
        if outcome.reason is not None:
            raise taken_back(target, pin.release, outcome)
    verb = "is live in" if changed else "was live already in"
    out.result(
        {"stage": target.stage, "endpoint": target.endpoint, "release": pin.release, "changed": changed},
        f"[green]✓[/green] {pin.release} {verb} {target.stage}: config, weights, digest and answers verified",
    )
    return 0


def taken_back(target: Target, release: str, outcome: Outcome) -> ReleaseFailed:
    """The error that says why a release did not land, and what serves instead."""
    now = f"{outcome.serves} serves" if outcome.serves else "the endpoint is gone, as before"
    return ReleaseFailed(
        f"Release {release} did not land in {target.stage}: {outcome.reason}",
        f"It was taken back: {now}; the pins and the stack are as they were.",
        f"Read the log {names.log_group(target.endpoint, target.stage)} and release it corrected.",
    )


def _already_live(target: Target, pin: ReleasePin, out: Out) -> bool:
    """Whether the stage serves exactly this release, proven again, and nothing is open."""
    settings = target.settings()
    if settings.live is None or settings.live.release != pin.release:
        return False
    if ledger.open_rollout(target.ledger.tail()):
        return False
    wanted = target.plan_of(ledger.pins_of(settings))
    if landed.compare(wanted, target.endpoints.describe(wanted.endpoint)):
        return False
    out.step(f"{pin.release} is live already; sending the golden requests")
    return smoke(target, pin.release) is None


def _endpoint(target: Target) -> str:
    return target.plan_of(ledger.pins_of(target.settings())).endpoint
