"""The CI stack of one account, composed from its settings and the stages that are in the account."""

import pulumi

from infra.arns import Place
from infra.ci import limits
from infra.ci.events import Events, EventsArgs
from infra.ci.federation import FederatedRole, Federation, FederationArgs
from infra.ci.roles import roles, trusted
from infra.ci.settings import CiSettings
from infra.ci.stage_files import Project
from release.domain import names


def compose(settings: CiSettings, project: Project) -> None:
    """Declare everything, and the stack's outputs. Raises UsageError before anything is declared."""
    tags = {"project": names.PROJECT, "part": "ci"}
    made = [
        FederatedRole(
            key=role.name,
            name=role.full_name,
            description=role.job,
            trusts=trusted(settings, role),
            may=role.policy(),
            session_seconds=role.session_seconds,
        )
        for role in roles(settings, project)
    ]
    if warning := limits.unbounded(project.of(settings.account)):
        pulumi.log.warn(warning)
    federation = Federation(
        "github",
        FederationArgs(made, settings.provider_exists, settings.permissions_boundary, tags),
    )
    events = Events(
        "events",
        EventsArgs(
            place=Place(settings.account, settings.region),
            endpoints=_endpoints(settings, project),
            schedule=settings.retrain_schedule,
            target=settings.events_to,
            target_role=settings.events_role,
            tags=tags,
        ),
    )
    pulumi.export("roles", federation.arns)
    pulumi.export("events_to", events.target)


def _endpoints(settings: CiSettings, project: Project) -> tuple[str, ...]:
    """The endpoints of the account's stages in the stack's region, by their names in SageMaker."""
    return tuple(
        names.endpoint(name, stage.stage)
        for stage in project.of(settings.account)
        if stage.region == settings.region
        for name in stage.endpoints
    )
