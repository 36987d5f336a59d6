"""The facts that are asked before anything is decided, and the answer that `release/domain/state.py` has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from release.domain import names, plan, state
from release.domain.errors import Damaged, Held, UsageError
from release.domain.landed import Description
from release.domain.ledger import OpenRollout
from release.domain.pins import Pins
from release.domain.state import TABLE, Does, Facts, Role
from release.ports import StagePorts


@dataclass(frozen=True)
class Asked:
    """What was asked once for all endpoints of a stage that has a ledger: the answers by endpoint."""

    described: Mapping[str, Description | None]
    left: Mapping[str, Pins]
    open: Sequence[OpenRollout]


def facts(
    ports: StagePorts,
    endpoint: str,
    missing: tuple[str, ...] = (),
    damage: tuple[str, ...] = (),
    asked: Asked | None = None,
) -> Facts:
    """What pins, ledger and SageMaker say of one endpoint.

    `missing` as of `needs.missing`, `damage` as of the ledger itself, and `asked` are given where they were
    asked. What cannot be read of the ledger is passed over from then on.
    """
    settings = ports.settings.endpoints[endpoint]
    live = settings.pins.live
    name = names.endpoint(endpoint, ports.name)
    described = (asked.described[endpoint] if asked else ports.endpoints.describe(name)) or {}
    found = Facts(
        settings.pins,
        wanted=plan.config_plan(ports.name, endpoint, live).name if live else None,
        serves=described.get("EndpointConfigName"),
        provisioned=asked is not None or ports.artifacts.exists() or ports.registry.uri() is not None,
        bucket=ports.artifacts.bucket,
        damage=damage,
        missing=missing,
    )
    if asked is None and not ports.ledger.exists():
        return found
    of_type = settings.instances.type
    try:
        rollouts = asked.open if asked else ports.ledger.all_open()
        left = asked.left.get(endpoint) if asked else _left(ports, endpoint)
    except Damaged as error:
        found = replace(found, damage=damage or (error.cause,))
        ports.ledger.pass_over_damage()
        rollouts, left = ports.ledger.all_open(), None
    own = next((one for one in rollouts if one.subject.endpoint == endpoint), None)
    return replace(found, left=left.on(of_type) if left else None, open=own.on(of_type) if own else None)


def insist(ports: StagePorts, endpoint: str, role: Role, missing: tuple[str, ...] = ()) -> Facts:
    """The facts of an endpoint.

    Raises UsageError, or Held, which names what ends it, where a command of this role refuses. Going back
    asks no more of the ledger than it has to read.
    """
    whole = role == "rollback" or not ports.ledger.exists()
    asked = facts(ports, endpoint, missing, () if whole else ports.ledger.damage())
    for found in state.standings(asked):
        answer = TABLE[found]
        if answer.does[role] is Does.REFUSES:
            so, danger, ends = state.told(found, asked, ports.name, endpoint, ports.entering)
            kind = Held if answer.held else UsageError
            raise kind(so, f"{danger}, so nothing was changed.", ends)
    return asked


def _left(ports: StagePorts, endpoint: str) -> Pins | None:
    return next((pins for _, pins in state.pins_left(ports.ledger.newest_first(), {endpoint})), None)
