"""Moving weights within one endpoint config: the candidate's fleet grows first, then its share of traffic.

Live keeps its instances: what it has now is what it can need at once, should the candidate fail.
"""

from collections.abc import Callable, Mapping

from release.domain import landed, names, plan
from release.domain.errors import ServiceError
from release.domain.landed import Description
from release.domain.plan import ConfigPlan
from release.ports import Busy, Event, StagePorts, Tell
from release.rollout.waiting import settled

PATIENCE = 3600.0
"""Seconds in which SageMaker has to come to rest for whoever takes traffic away."""
ATTEMPTS = 20
"""How often autoscaling or a person may be first before this gives up."""
NONE = {names.LIVE: 100.0, names.CANDIDATE: 0.0}


class Weights:
    """The weights and counts of one endpoint's variants. `settled` waits until SageMaker is at rest."""

    def __init__(
        self, ports: StagePorts, endpoint: str, settled: Callable[[], Description | None], tell: Tell
    ) -> None:
        self._endpoints = ports.endpoints
        self._endpoint = endpoint
        self._settled = settled
        self._tell = tell

    def shift(self, config: ConfigPlan) -> str | None:
        """Give the candidate `config`'s share, and the instances for it first; why not, or None."""
        shares = {variant.name: variant.weight for variant in config.production}
        if names.CANDIDATE not in shares:
            return None
        description = self._settled()
        needed = plan.fleet(landed.desired_count(description) or 1, round(shares[names.CANDIDATE]))
        if landed.counts(description).get(names.CANDIDATE, 0) < needed:
            self._tell(Event(f"the candidate's fleet grows to {needed}", detail=True))
            description = self._rescale({}, {names.CANDIDATE: needed})
            if landed.counts(description).get(names.CANDIDATE, 0) < needed:
                return (
                    f"the candidate's fleet did not grow to {needed} instances. "
                    f"SageMaker's reason: {landed.failure_reason(description) or 'none given'}"
                )
        if landed.weights(description) != shares:
            self._tell(Event(f"{shares[names.CANDIDATE]:g} % of the traffic to the candidate", detail=True))
            self._rescale(shares, {})
        return None

    def none_to_the_candidate(self) -> None:
        """All traffic to live in one call, where a candidate stands beside it with some."""
        if landed.weights(self._settled()).get(names.CANDIDATE):
            self._tell(Event("no traffic to the candidate any more", detail=True))
            self._rescale(NONE, {})

    def _rescale(self, weights: Mapping[str, float], counts: Mapping[str, int]) -> Description | None:
        for _ in range(ATTEMPTS):
            try:
                self._endpoints.rescale(self._endpoint, weights, counts)
            except Busy:
                self._settled()
                continue
            return self._settled()
        raise busy(self._endpoint)


def away_from_the_candidate(ports: StagePorts, endpoint: str, tell: Tell) -> None:
    """Give all traffic to live, in one call, where a candidate stands beside it with some."""

    def at_rest() -> Description | None:
        return settled(ports.endpoints, ports.clock, endpoint, PATIENCE, tell)

    Weights(ports, endpoint, at_rest, tell).none_to_the_candidate()


def busy(endpoint: str) -> ServiceError:
    """The error of an endpoint that somebody else keeps changing."""
    return ServiceError(
        f"{endpoint} was being changed by somebody else at each of {ATTEMPTS} attempts.",
        "What serves was not changed by this; what is recorded so far stays.",
        "See who else changes the endpoint, then run the same command again.",
    )
