"""Gate: what a stage's gates say of a trained model today, before anything of it is pushed. Reads only."""

from dataclasses import dataclass
from pathlib import Path

from release.domain import gates
from release.domain.ledger import Request
from release.domain.manifest import GateResult
from release.operations import composing, entering, fenced, standing
from release.operations.entering import Arrival
from release.ports import Tell, World


@dataclass(frozen=True)
class Gated:
    """A release that was not made yet, and the gates' results."""

    stage: str
    endpoint: str
    release: str
    """The id that it would have."""
    image: str
    """By digest."""
    sha256: str
    """The artifact's."""
    results: tuple[GateResult, ...]

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """Those that refuse it; a gate without a result is one of them."""
        return tuple(gates.failed(self.results))


def gate(world: World, model: Path, stage: str | None, endpoint: str | None, tell: Tell) -> Gated:
    """The results of the gates that `release` would ask of the evidence, and the fence.

    People's yeses are left to `release`, which keeps what they are about; so are quotas. Raises UsageError
    for what cannot be released.
    """
    name = stage or world.stages.names[0]
    ports = world.stage(name)
    chosen = ports.settings.only_endpoint(endpoint)
    composing.trained(model)
    standing.insist(ports, chosen, "bring")
    content = composing.compose(world, ports, chosen, model, tell).content
    request = Request("release", chosen, content.id)
    arrival, entry = Arrival(request, content), world.stages.entry(name)
    waived = entering.in_force(entry, ports, content.id)
    found = entering.evidence(entry, ports, arrival, waived, tell)
    results = (*found.results, fenced.gate(world, ports, request, tell))
    return Gated(name, chosen, content.id, content.image.digest, content.model.sha256, results)
