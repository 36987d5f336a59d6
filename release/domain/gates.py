"""Gates: what must hold of a release before it may enter a stage. Pure; no traffic, no AWS.

The quality gates were evaluated by training and lie in the manifest. Here a stage decides which of them it
insists on, and adds what only it can know: whether the image may run there.
"""

from collections.abc import Sequence

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


def failed(results: Sequence[GateResult]) -> list[GateResult]:
    """Those that did not pass."""
    return [gate for gate in results if not gate.passed]
