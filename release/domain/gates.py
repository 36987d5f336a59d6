"""Gates: what must hold of a release before it may enter a stage. Pure; no traffic, no AWS.

The quality gates were evaluated by training and lie in the manifest. Here a stage decides which of them it
insists on, and adds what only it can know: whether the image may run there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from release.domain import approvals, capture_gate, model_packages, request_schema
from release.domain.fence import GATE, clear_command
from release.domain.manifest import GateResult, Manifest


def evaluate(manifest: Manifest, required: Sequence[str], loopback: bool) -> list[GateResult]:
    """All gates of `manifest` for a stage that requires `required` by name.

    `loopback` says that the stage's AWS answers on this machine's loopback. A required gate without a result
    fails: missing evidence never passes.
    """
    results = list(manifest.gates)
    known = {gate.name for gate in results}
    results += [
        GateResult(
            name=name, passed=False, reason="required by the stage, and the release has no result for it"
        )
        for name in required
        if name not in known
    ]
    results.append(runtime_gate(manifest.image.runtime, loopback))
    return results


def runtime_gate(runtime: str, loopback: bool) -> GateResult:
    """An image without a base has no Python of its own: only a local AWS on loopback can run it."""
    passed = runtime == "container" or loopback
    reason = (
        f"the image runs as {runtime}"
        if passed
        else "the image has no base, so SageMaker cannot run it: set slipway:image.base and release it anew"
    )
    return GateResult(name="runtime", passed=passed, reason=reason)


def soak_gate(minutes: int, since: datetime | None, now: datetime) -> GateResult:
    """A release has to be live in the stage before for `minutes`; `since` None means that nobody knows."""
    # The ledger's clock and this machine's may differ.
    lived = max((now - since).total_seconds() / 60, 0.0) if since else None
    reason = (
        "the ledger of the stage before does not say since when it is live there"
        if lived is None
        else f"live in the stage before for {int(lived)} of {minutes} minutes"
    )
    passed = lived is not None and lived >= minutes
    return GateResult(name="soak", passed=passed, value=lived, bound=minutes, reason=reason)


def next_step(
    refused: Sequence[GateResult],
    release: str,
    stage: str,
    waivable: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """What to do about gates that `release` did not pass in `stage`.

    `waivable` are those that a person may waive there, each with the command.
    """
    names = {gate.name for gate in refused}
    if GATE in names:
        return f"Release it corrected; or, if it is good after all: {clear_command(release)}"
    if model_packages.REJECTED in names:
        command = approvals.command(release, stage)
        return f"Release it corrected; or, if it is good after all, have somebody approve it: {command}"
    if names <= ASKING:
        by_people = names & {approvals.GATE, model_packages.GATE}
        asked = f" ({approvals.command(release, stage)})" if by_people else ""
        return (
            f"Nothing is wrong with the release: do what the gates ask for{asked}, then run the same command "
            "again."
        )
    if request_schema.GATE in names:
        return request_schema.next_step(release, stage)
    if capture_gate.GATE in names:
        return capture_gate.next_step(stage, next(g.reason for g in refused if g.name == capture_gate.GATE))
    if names - ASKING <= waivable.keys():
        commands = "; ".join(waivable[name] for name in sorted(names - ASKING))
        return f"Correct the model or the image and release it anew; or, if you must, waive it: {commands}"
    return "Correct the model or the image and release it anew."


ASKING = frozenset({"soak", approvals.GATE, model_packages.GATE})
"""Gates that find nothing wrong with a release."""


def failed(results: Sequence[GateResult]) -> list[GateResult]:
    """Those that did not pass."""
    return [gate for gate in results if not gate.passed]
