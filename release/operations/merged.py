"""What was proposed and merged is brought: the same gates again, and the rollout, as the proposal says.

Run again it does nothing more: a proposal that landed is known by the ledger, even where the checkout is one
from before.
"""

from release.domain import proposal
from release.domain.errors import UsageError
from release.domain.ledger import OpenRollout
from release.domain.pins import Proposed
from release.operations import rollouts, standing
from release.operations.land import Landed
from release.operations.promote import Order, placed, promote
from release.ports import Event, StagePorts, Tell, World


def merged(world: World, stage: str, endpoint: str | None, tell: Tell) -> list[Landed]:
    """Roll out what is proposed in the stage's file, endpoint by endpoint; nothing where nothing is.

    Raises UsageError for a proposal that is not what was proven, or of a day that is past, and as `promote`.
    """
    name = world.stages.entry(stage).name
    first = world.stage(name)
    asked = [first.settings.only_endpoint(endpoint)] if endpoint else _waiting(first)
    found = [landed for each in asked if (landed := _brought(world, world.stage(name), each, tell))]
    if not found:
        tell(Event(f"nothing is proposed in Pulumi.{name}.yaml"))
    return found


def _waiting(ports: StagePorts) -> list[str]:
    """The endpoints for which something is proposed, or was and did not come to its end."""
    opened = ports.ledger.open() if ports.ledger.exists() else None
    own = opened.subject.endpoint if opened and opened.opened.proposed else None
    return [name for name, values in ports.settings.endpoints.items() if values.proposed or name == own]


def _brought(world: World, ports: StagePorts, endpoint: str, tell: Tell) -> Landed | None:
    proposed, own = rollouts.settings_of(ports, endpoint).proposed, _own(ports, endpoint)
    if proposed is None:
        return promote(world, _order_again(world, ports, own), tell) if own else None
    if own is None or own.subject.release != proposed.release:
        if _landed(ports, endpoint, proposed, tell):
            return Landed(ports.name, endpoint, proposed.release, changed=False)
        proposal.refuse_checkout(ports.repository.checkout(), ports.name)
    standing.insist(ports, endpoint, "bring")
    _refuse_past(ports, endpoint, proposed)
    _refuse_edited(world, ports, proposed)
    tell(Event(f"{proposed.release} is proposed for {endpoint} in {ports.name}, from {proposed.source}"))
    order = Order(
        target=ports.name,
        source=proposed.source,
        endpoint=endpoint,
        skip=proposed.skip,
        reason=proposed.reason,
        strategy=proposed.strategy,
        release=proposed.release,
        merged=True,
    )
    return promote(world, order, tell)


def _own(ports: StagePorts, endpoint: str) -> OpenRollout | None:
    """The endpoint's rollout that a merged proposal began, and that did not end."""
    found = rollouts.found_open(ports, endpoint)
    return found if found and found.subject.endpoint == endpoint and found.opened.proposed else None


def _order_again(world: World, ports: StagePorts, own: OpenRollout) -> Order:
    """The order of a rollout that stopped when its file held the proposal no more."""
    skip = own.opened.skip
    return Order(
        target=ports.name,
        source=world.stages.before(skip.stages[0]) if skip else None,
        endpoint=own.subject.endpoint,
        skip=skip is not None,
        reason=skip.reason if skip else own.opened.reason,
        release=own.subject.release,
        merged=True,
    )


def _landed(ports: StagePorts, endpoint: str, proposed: Proposed, tell: Tell) -> bool:
    """Whether the ledger says that the proposed release is live, whatever the file says."""
    facts = standing.facts(ports, endpoint)
    if facts.open is not None or facts.left is None or facts.left.live is None:
        return False
    if facts.left.live.release != proposed.release:
        return False
    tell(Event(f"{proposed.release} landed in {ports.name} before; nothing is done"))
    if facts.pins != facts.left:
        file = f"Pulumi.{ports.name}.yaml"
        tell(Event(f"this {file} is from before that: git pull, or ./slipway sync {ports.name}"))
    return True


def _refuse_past(ports: StagePorts, endpoint: str, proposed: Proposed) -> None:
    live = rollouts.settings_of(ports, endpoint).pins.live
    serves = live.release if live else None
    if serves == proposed.replaces:
        return
    raise UsageError(
        f"{proposed.release} was proposed for {ports.name} when {proposed.replaces or 'nothing'} was live "
        f"there, and {serves or 'nothing'} is now.",
        "What was compared and reviewed then is not so any more, so nothing was changed.",
        f"Take `proposed` out of Pulumi.{ports.name}.yaml by a commit, then propose anew: "
        f"./slipway promote {ports.name} --propose",
    )


def _refuse_edited(world: World, ports: StagePorts, proposed: Proposed) -> None:
    """Refuse a proposal whose image or artifact is not that of its release."""
    content = world.stage(world.stages.entry(proposed.source).name).artifacts.manifest(proposed.release)
    wrong = proposal.edited_by_hand(proposed, placed(content, ports))
    if wrong:
        raise UsageError(
            f"The proposal of {proposed.release} in Pulumi.{ports.name}.yaml was changed by hand: "
            f"{'; '.join(wrong)}.",
            "What was proven is not what it names, so nothing was changed.",
            f"Take `proposed` out of that file by a commit, then propose anew: "
            f"./slipway promote {ports.name} --propose",
        )
