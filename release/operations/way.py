"""The way of a release through the stages: from the one before, or past some of them with a reason."""

from release.domain.errors import UsageError
from release.domain.ledger import Skip
from release.domain.stages import Stages


def skip_of(stages: Stages, source: str | None, target: str, wanted: bool, reason: str) -> Skip | None:
    """What the way from `source` (None: the build) to `target` leaves out, None when that is nothing.

    Raises UsageError when it leads backwards, or leaves stages out without being told to (`wanted`), without
    a reason, or where the target's data forbids it.
    """
    skipped = stages.skipped(source, target)
    if not skipped:
        return None
    left_out = " and ".join(skipped)
    before = stages.before(target)
    if not stages.entry(target).skip:
        raise UsageError(
            f"{target} accepts releases from {before} only (`skip: false` in Pulumi.yaml).",
            "Nothing was changed.",
            f"Go step by step: {stages.step_by_step(source, target)}",
        )
    if not wanted or not reason.strip():
        raise UsageError(
            f"This would skip {left_out} on the way to {target}.",
            "What was never proven there would take traffic, so nothing was changed.",
            f"Go step by step: {stages.step_by_step(source, target)}. Or, if you must, leave {left_out} out: "
            "add --skip --reason 'why'.",
        )
    return Skip(stages=skipped, reason=reason)
