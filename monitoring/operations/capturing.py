"""Whether there is anything to watch of an endpoint: it serves a release, and that is captured."""

from release.domain.errors import UsageError
from release.domain.pins import ReleasePin


def capturing(stage: str, name: str, live: ReleasePin | None) -> ReleasePin:
    """The live release of an endpoint, by its name. Raises UsageError where there is none, or no capture."""
    if live is None:
        raise UsageError(
            f"Endpoint {name} of {stage} serves nothing, so there is nothing to monitor.",
            "Nothing was read.",
            f"Release a model first (./slipway promote {stage}).",
        )
    if live.capture is None:
        raise UsageError(
            f"Endpoint {name} of {stage} captures nothing: what it is asked and answers is not known.",
            "Nothing was read, and nothing can be said of drift.",
            f"Set slipway:endpoints.{name}.capture: {{percent: 100}} in Pulumi.{stage}.yaml, "
            f"then ./slipway apply {stage} --endpoint {name}",
        )
    return live
