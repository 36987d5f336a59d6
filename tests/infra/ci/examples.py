"""A CI stack's settings and project, as their files would say them."""

from typing import Any

from infra.ci.roles import CiRole, roles
from infra.ci.settings import CiSettings, parse
from infra.ci.stage_files import Project
from tests.infra.declared import ACCOUNT, stage

REPOSITORY = "octo-org@4711/flights@815"
STAGES = ("dev", "staging", "prod")
PROJECT = Project(tuple(stage(name=name) for name in STAGES))


def settings(**keys: Any) -> CiSettings:
    """The settings of a stack; `keys` are those of `slipway-ci`."""
    ours = {"account": ACCOUNT, "repository": REPOSITORY, **keys}
    return parse("main", {"aws:region": "us-east-1", **{f"slipway-ci:{k}": v for k, v in ours.items()}})


def by_name(found: CiSettings | None = None, project: Project = PROJECT) -> dict[str, CiRole]:
    """The roles by their names."""
    return {role.name: role for role in roles(found or settings(), project)}
