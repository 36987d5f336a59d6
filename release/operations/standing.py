"""The facts that are asked before anything is decided, and the answer that `release/domain/state.py` has."""

from dataclasses import replace

from release.domain import names, plan, state
from release.domain.errors import UsageError
from release.domain.state import TABLE, Does, Facts, Role
from release.ports import StagePorts


def facts(ports: StagePorts, endpoint: str, missing: tuple[str, ...] = ()) -> Facts:
    """What pins, ledger and SageMaker say of one endpoint; `missing` as of `needs.missing`."""
    settings = ports.settings.endpoints[endpoint]
    live = settings.pins.live
    described = ports.endpoints.describe(names.endpoint(endpoint, ports.name)) or {}
    asked = Facts(
        settings.pins,
        wanted=plan.config_plan(ports.name, endpoint, live).name if live else None,
        serves=described.get("EndpointConfigName"),
        missing=missing,
    )
    if not ports.ledger.exists():
        return asked
    found = ports.ledger.open()
    own = found if found and found.subject.endpoint == endpoint else None
    left = next((pins for _, pins in state.pins_left(ports.ledger.newest_first(), {endpoint})), None)
    of_type = settings.instances.type
    return replace(asked, left=left.on(of_type) if left else None, open=own.on(of_type) if own else None)


def insist(ports: StagePorts, endpoint: str, role: Role, missing: tuple[str, ...] = ()) -> Facts:
    """The facts of an endpoint.

    Raises UsageError, which names what ends it, where a command of this role refuses.
    """
    asked = facts(ports, endpoint, missing)
    found = state.standing(asked)
    if TABLE[found].does[role] is Does.REFUSES:
        so, danger, ends = state.told(found, asked, ports.name, endpoint)
        raise UsageError(so, f"{danger}, so nothing was changed.", ends)
    return asked
