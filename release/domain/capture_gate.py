"""Whether a release may be captured as its stage asks. Pure.

SageMaker captures a request before any code of ours sees it. So where a release has sensitive features, it
may capture answers alone, and what callers sent is kept by the container, which drops or hashes those
features before it keeps anything ("Capture" in `docs/monitoring.md`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from release.domain.capture import Capture
from release.domain.manifest import GateResult, Manifest

GATE = "capture"
_FOREIGN = "the stage captures by the container, and one that another repository built keeps nothing"
_MOVING = "while it moves"


def sensitive(schema: Mapping[str, Any]) -> dict[str, str]:
    """The features of an input schema that may not be kept as they come, each with what is done to it."""
    features = schema.get("features")
    found = features if isinstance(features, list | tuple) else ()
    return {
        str(one.get("name")): str(one["sensitive"])
        for one in found
        if isinstance(one, Mapping) and one.get("sensitive")
    }


def results(content: Manifest, asked: Capture | None, live: Capture | None) -> Iterator[GateResult]:
    """Whether a release may be captured as its stage asks, where there is anything to say.

    `live` is what the live release's config captures: while a rollout moves, that of both.
    """
    if content.foreign is not None and asked is not None and asked.by_container:
        yield _refused(_FOREIGN)
    columns = ", ".join(sensitive(content.input_schema))
    if not columns:
        return
    if asked is not None and asked.as_it_came:
        yield _refused(f"SageMaker would keep {columns} as callers send it, and the release says: sensitive")
    elif live is not None and live.as_it_came:
        yield _refused(
            f"{_MOVING}, SageMaker would keep {columns} as callers send it, as of live now, and "
            "the release says: sensitive"
        )
    elif asked is not None:
        yield GateResult(name=GATE, passed=True, reason=f"nothing is kept of {columns} as callers send it")


def _refused(reason: str) -> GateResult:
    return GateResult(name=GATE, passed=False, reason=reason)


def next_step(stage: str, reason: str) -> str:
    """What to do about a capture that a release may not have."""
    data = f"slipway:endpoints.<name>.capture in Pulumi.{stage}.yaml"
    if _FOREIGN in reason:
        return f"Set `by: sagemaker` in {data}, then run the same command again."
    way = f"Set `by: container`, or `inputs: false` to keep answers alone, in {data}"
    if _MOVING in reason:
        return f"{way}; bring it to the live release (./slipway apply {stage}), then run this command again."
    return f"{way}, then run the same command again."
