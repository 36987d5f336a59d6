"""The facts that are asked before anything is decided, and the answer that `release/domain/state.py` has."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from release.domain import names, plan, state
from release.domain.errors import Damaged, Held, UsageError
from release.domain.ledger import OpenRollout
from release.domain.pins import Pins
from release.domain.state import TABLE, Does, Facts, Role
from release.ports import StagePorts


@dataclass(frozen=True)
class Recorded:
    """What a whole ledger says of a stage, asked once for all of its endpoints."""

    open: OpenRollout | None
    left: Mapping[str, Pins]


def recorded(ports: StagePorts) -> Recorded:
    """What the ledger says of all endpoints of the stage. Raises Damaged."""
    left = state.pins_left(ports.ledger.newest_first(), ports.settings.endpoints)
    return Recorded(ports.ledger.open(), dict(left))


def facts(
    ports: StagePorts,
    endpoint: str,
    missing: tuple[str, ...] = (),
    damage: tuple[str, ...] = (),
    known: Recorded | None = None,
) -> Facts:
    """What pins, ledger and SageMaker say of one endpoint.

    `missing` as of `needs.missing`, `damage` as of the ledger itself, `known` as of `recorded`, where they
    were asked. What cannot be read of the ledger is passed over from then on.
    """
    settings = ports.settings.endpoints[endpoint]
    live = settings.pins.live
    described = ports.endpoints.describe(names.endpoint(endpoint, ports.name)) or {}
    asked = Facts(
        settings.pins,
        wanted=plan.config_plan(ports.name, endpoint, live).name if live else None,
        serves=described.get("EndpointConfigName"),
        provisioned=known is not None or ports.artifacts.exists() or ports.registry.uri() is not None,
        bucket=ports.artifacts.bucket,
        damage=damage,
        missing=missing,
    )
    if known is None and not ports.ledger.exists():
        return asked
    of_type = settings.instances.type
    try:
        found = known.open if known else ports.ledger.open()
        left = known.left.get(endpoint) if known else _left(ports, endpoint)
    except Damaged as error:
        asked = replace(asked, damage=damage or (error.cause,))
        ports.ledger.pass_over_damage()
        found, left = ports.ledger.open(), None
    own = found if found and found.subject.endpoint == endpoint else None
    return replace(asked, left=left.on(of_type) if left else None, open=own.on(of_type) if own else None)


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
