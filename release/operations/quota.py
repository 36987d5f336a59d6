"""Before a release goes where the endpoint has no fleet yet: may the account have one?"""

from release.domain import quotas
from release.domain.errors import UsageError
from release.domain.quotas import NotTold
from release.operations import rollouts
from release.ports import Event, StagePorts, Tell

SECONDS = 30.0
"""For which the quota is asked for: nobody waits for the first release of a fleet in an incident."""


def refuse_short(ports: StagePorts, endpoint: str, tell: Tell) -> None:
    """Raise UsageError where the account's quota does not allow the fleet that the settings ask for.

    A quota that cannot be asked for is passed over, and said: the deploying identity may lack the permission,
    and SageMaker itself refuses in the end.
    """
    settings = rollouts.settings_of(ports, endpoint)
    needed = quotas.first_fleet(settings)
    if not needed or rollouts.found_open(ports, endpoint):
        return
    name = quotas.endpoint_usage(settings.instances.type)
    try:
        found = ports.quota_of(name, SECONDS)
    except NotTold as reason:
        tell(Event(f"the quota {name!r} could not be asked for: {reason}", detail=True))
        return
    if found is None:
        tell(Event(f"Service Quotas has no quota {name!r}", detail=True))
        return
    problem = quotas.shortage(found, needed)
    if problem:
        raise UsageError(
            f"{endpoint} cannot have its instances in {ports.name}: {problem}.",
            "SageMaker would refuse the endpoint, so nothing was changed.",
            f"Ask for more: {quotas.how_to_ask(found, needed, ports.settings.region)}; or set another type "
            f"under instances of the endpoint in Pulumi.{ports.name}.yaml.",
        )
