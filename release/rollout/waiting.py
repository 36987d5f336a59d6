"""Waiting until SageMaker has stopped working on an endpoint."""

from release.domain import landed
from release.domain.errors import ServiceError
from release.domain.landed import Description
from release.ports import Clock, Endpoints, Event, Tell

POLL_SECONDS = 0.5


def settled(
    endpoints: Endpoints, clock: Clock, endpoint: str, patience: float, tell: Tell
) -> Description | None:
    """The endpoint's description once SageMaker is at rest, None when there is no such endpoint.

    Raises ServiceError after `patience` seconds: SageMaker is still at work then, and can be asked again.
    """
    deadline = clock.monotonic() + patience
    said = ""
    while True:
        description = endpoints.describe(endpoint)
        if description is None or not landed.in_transition(description):
            return description
        status = str(description["EndpointStatus"])
        if status != said:
            said = status
            tell(Event(f"SageMaker says {said}", detail=True))
        if clock.monotonic() > deadline:
            raise ServiceError(
                f"{endpoint} is still {said} after {patience:.0f} s.",
                "SageMaker goes on by itself; what is recorded so far stays.",
                "Run the same command again: it goes on waiting.",
            )
        clock.sleep(POLL_SECONDS)
