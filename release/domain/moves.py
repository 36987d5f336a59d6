"""Who serves after what: pins before and after a rollout, as pure functions of pins."""

from collections.abc import Iterator

from release.domain import capture, container
from release.domain.pins import EndpointSettings, Pins, ReleasePin


def after_rollout(before: EndpointSettings, pin: ReleasePin, desired: int | None, endpoint: str) -> Pins:
    """The pins of an endpoint, by its name in SageMaker, with `pin` live and what was live as previous.

    The new fleet has the instance type, the environment, the network and the capture of the settings, and
    starts with `desired` instances, the count that autoscaling chose for the live one (None: it has none),
    within the stage's bounds. The release that is live already keeps the previous one: going back to itself
    would be no way back.
    """
    bounds, pins = before.instances, before.pins
    capacity = min(max(desired or bounds.min, bounds.min), bounds.max)
    kept = before.capture
    told = capture.told(kept, endpoint, pin.release, pin.model) if kept and kept.by_container else ""
    environment = container.environment(endpoint, before.environment, before.workers, told)
    shape = {"type": bounds.type, "environment": environment, "vpc": before.vpc, "capture": before.capture}
    live = pin.model_copy(update={"capacity": capacity, **shape})
    again = pins.live is not None and pins.live.release == pin.release
    return Pins(live=live, previous=pins.previous if again else pins.live)


def after_rollback(before: Pins) -> Pins:
    """The pins with live and previous exchanged. `before` has both."""
    assert before.previous is not None
    return Pins(live=before.previous, previous=before.live)


def while_moving(before: Pins, after: Pins, beside: bool = False) -> Pins:
    """The pins during a rollout: what was named stays named, and the release that comes is the candidate.

    `beside` says whether it will stand beside live before it serves alone.
    """
    coming = after.live
    if coming is not None and before.live is not None:
        coming = coming.model_copy(update={"beside": beside})
    return before.model_copy(update={"candidate": coming})


def shape_differs(settings: EndpointSettings) -> bool:
    """Whether the live fleet is another one than the settings ask for."""
    return any(unapplied(settings))


def unapplied(settings: EndpointSettings) -> Iterator[str]:
    """What the live fleet has otherwise than the settings ask for, in words; `./slipway apply` changes it.

    Values of variables are not told.
    """
    live = settings.pins.live
    if live is None:
        return
    if live.type != settings.instances.type:
        yield f"runs on {live.type}, the data asks for {settings.instances.type}"
    wanted = container.asked(settings.environment, settings.workers)
    if others := container.not_asked_for(live.environment, wanted):
        yield f"has another {', '.join(others)} in its environment than the data asks for"
    for what, has, asked in (("vpc", live.vpc, settings.vpc), ("capture", live.capture, settings.capture)):
        if has != asked:
            yield f"has {'another' if has else 'no'} {what}, the data asks for {'one' if asked else 'none'}"
