"""The repository's own workflows: each job asks for a role that there is, in an environment it trusts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.ci.roles import roles
from infra.ci.stage_files import project_at
from scripts.checks.workflows import read
from tests.conftest import ROOT
from tests.infra.ci.examples import settings

PROJECT = project_at(ROOT)
ROLES = {role.full_name: role for role in roles(settings(), PROJECT)}
STAGE = re.compile(r"\$\{\{ (inputs|matrix)\.stage \}\}")


def asked() -> Iterator[tuple[str, str, str]]:
    """Workflow and job, its environment and its role; once for each stage where it is of any."""
    for path, workflow in read(ROOT).items():
        for name, job in workflow.get("jobs", {}).items():
            steps = job.get("steps", ())
            found = [
                step["with"]["role-to-assume"] for step in steps if "role-to-assume" in step.get("with", {})
            ]
            for arn in found:
                role, environment = arn.rpartition("/")[2], job["environment"]
                stages = [stage.stage for stage in PROJECT.stages] if STAGE.search(role) else [""]
                first = PROJECT.stages[0].stage
                for stage in stages:
                    if "promote" not in role or stage != first:  # nothing is promoted to the first
                        where = f"{Path(path).name}: {name} {stage}".strip()
                        yield where, STAGE.sub(stage, environment), STAGE.sub(stage, role)


@pytest.mark.parametrize(("where", "environment", "role"), list(asked()))
def test_a_job_gets_its_role(where, environment, role):
    assert role in ROLES, where
    assert environment in ROLES[role].environments, where


def test_workflows_that_use_the_cloud_are_among_them():
    found = {where.partition(":")[0] for where, _, _ in asked()}
    assert {"release.yml", "promote.yml", "rollback.yml", "preview.yml", "monitor.yml"} <= found
