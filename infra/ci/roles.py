"""The roles of the workflows: which there are, whom each trusts, and what it is granted. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra import policies
from infra.arns import Place
from infra.ci import grants, trust
from infra.ci.grants import Grant
from infra.ci.settings import CiSettings
from infra.ci.stage_files import Project
from release.domain import names
from release.domain.errors import UsageError
from release.domain.stage import StageSettings

PLAN, RETRAIN, MONITOR = "plan", "retrain", "monitor"
"""GitHub environments of jobs that belong to no stage."""
LONGEST = 10_240
"""Characters, spaces apart, of a role's inline policies ("IAM and AWS STS quotas" in IAM's user guide)."""
HOUR = 3600
"""How long a job has its role, in seconds; the settings may let those who bring releases have it longer."""


@dataclass(frozen=True)
class CiRole:
    """One role."""

    name: str
    job: str
    """What it is for, in one sentence."""
    environments: tuple[str, ...]
    grants: tuple[Grant, ...]
    session_seconds: int = HOUR
    """How long a job has it at most."""

    @property
    def full_name(self) -> str:
        """Its name in IAM."""
        return f"{names.PROJECT}-ci-{self.name}"

    def policy(self) -> str:
        """Its permissions. Raises UsageError where IAM would not take them."""
        text = policies.document(*grants.joined(grant.statement for grant in self.grants))
        length = len(re.sub(r"\s", "", text))
        if length > LONGEST:
            raise UsageError(
                f"The policy of {self.full_name} has {length} characters, and IAM takes {LONGEST}.",
                "No role was made or changed.",
                "The project has too many stages or endpoints for one account: give it another account.",
            )
        return text


def environment_of_rollback(stage: str) -> str:
    """The GitHub environment of a stage's way back: one that waits for nobody's approval."""
    return f"rollback-{stage}"


def roles(settings: CiSettings, project: Project) -> tuple[CiRole, ...]:
    """The roles of one account. Raises UsageError where it has no stage."""
    here = project.of(settings.account)
    if not here:
        known = ", ".join(f"{found.stage} ({found.account})" for found in project.stages)
        raise UsageError(
            f"No stage of the project is in account {settings.account}; there are: {known}.",
            "Without a stage there is nothing to grant, so no role was made or changed.",
            "Correct slipway-ci:account, or slipway:account of a stage.",
        )
    return tuple(_roles(settings, project, here))


def _roles(settings: CiSettings, project: Project, here: tuple[StageSettings, ...]) -> Iterator[CiRole]:
    everywhere = tuple(found.stage for found in project.stages)
    first = project.stages[0]
    if first in here:
        yield from _to_the_first(settings, first, tuple(found for found in here if found != first))
    for place, found in enumerate(here):
        if found != first:
            before, after = here[:place], here[place + 1 :]
            granted = (
                *grants.deploying(found),
                *grants.sources(before),
                *grants.fences(after),
                *_state(settings, writes=True),
            )
            yield CiRole(
                f"promote-{found.stage}",
                f"brings what is live in the stage before to {found.stage}",
                (found.stage,),
                granted,
                settings.session_seconds,
            )
        yield CiRole(
            f"rollback-{found.stage}",
            f"brings the previous release of {found.stage} back; makes and deletes nothing",
            (environment_of_rollback(found.stage),),
            grants.going_back(found),
        )
    yield CiRole(
        "read-only",
        "plan, status, doctor and history of every stage; and what a promotion reads of a stage before it "
        "that is in another account",
        (PLAN, RETRAIN, *everywhere),
        (*grants.reading(here), *_state(settings, writes=False)),
    )
    yield CiRole(
        "monitor",
        "looks at what is live in every stage, keeps what it notices, and tells of it",
        (MONITOR,),
        (*grants.watched(here), *grants.noticing(here)),
    )


def _to_the_first(
    settings: CiSettings, first: StageSettings, others: tuple[StageSettings, ...]
) -> Iterator[CiRole]:
    """The roles that bring new releases: all of these begin in the first stage."""
    granted = (
        *grants.deploying(first),
        *grants.fences(others),
        *grants.champions(others),
        *_state(settings, writes=True),
    )
    yield CiRole(
        "release",
        f"builds the image, and releases it to {first.stage}",
        (first.stage,),
        granted,
        settings.session_seconds,
    )
    granted = (
        *grants.deploying(first),
        *grants.sources(others),
        *grants.traffic(others),
        *grants.remembering(others),
        *grants.asking(others),
        *_state(settings, writes=True),
    )
    yield CiRole(
        "retrain",
        f"trains the live model of a stage anew, and releases what is better to {first.stage}",
        (RETRAIN,),
        granted,
        settings.session_seconds,
    )


def _state(settings: CiSettings, writes: bool) -> tuple[Grant, ...]:
    if settings.state_bucket is None:
        return ()
    place = Place(settings.account, settings.region)
    return grants.state(place, settings.state_bucket, settings.state_key, writes)


def trusted(settings: CiSettings, role: CiRole) -> str:
    """The trust policy of a role."""
    return trust.document(Place(settings.account, settings.region), settings.repository, role.environments)
