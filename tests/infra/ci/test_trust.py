"""Whom the roles trust: every trust policy is held against what GitHub says of jobs, good and bad."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.arns import Place
from infra.ci import trust
from infra.ci.roles import trusted
from tests.infra.ci.examples import PROJECT, REPOSITORY, STAGES, by_name, settings

ISSUER = "https://token.actions.githubusercontent.com"
ARN = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
OWN = {
    "release": {"dev"},
    "promote-staging": {"staging"},
    "promote-prod": {"prod"},
    **{f"rollback-{name}": {f"rollback-{name}"} for name in STAGES},
    "retrain": {"retrain"},
    "read-only": {"plan", "retrain", *STAGES},
    "monitor": {"monitor"},
}


def admits(document: str, claims: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets in who has these claims, by STS's rules for what these policies use.

    A condition that is no StringEquals is refused: nobody here has shown what it would mean.
    """
    policy, allowed = json.loads(document), False
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Principal"] == {"Federated": ARN}
        assert set(statement["Condition"]) == {"StringEquals"}
        keys = statement["Condition"]["StringEquals"]
        values = {key: [value] if isinstance(value, str) else value for key, value in keys.items()}
        prefix = claims["iss"].removeprefix("https://")
        said = {f"{prefix}:{name}": value for name, value in claims.items()}
        allowed |= bool(values) and all(said.get(key) in wanted for key, wanted in values.items())
    return allowed


def job(subject: str, **changes: str) -> dict[str, str]:
    """The claims of a job's token."""
    return {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": subject} | changes


def of(environment: str, repository: str = REPOSITORY) -> dict[str, str]:
    """A job in an environment of a repository."""
    return job(f"repo:{repository}:environment:{environment}")


def policies() -> dict[str, str]:
    return {name: trusted(settings(), role) for name, role in by_name().items()}


def test_every_role_is_looked_at():
    assert policies().keys() == OWN.keys()


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("environment", sorted(set.union(*OWN.values())))
def test_a_role_is_for_jobs_in_its_own_environments_alone(name, environment):
    assert admits(policies()[name], of(environment)) is (environment in OWN[name])


STRANGERS = {
    "a fork": of("prod", "somebody@1/flights@2"),
    "the name, taken by somebody else later": of("prod", "octo-org@999/flights@815"),
    "the same name without its numbers": of("prod", "octo-org/flights"),
    "a repository whose name begins so": of("prod", f"{REPOSITORY}0"),
    "an environment whose name begins so": of("production"),
    "an environment in another spelling": of("Prod"),
    "the main branch, without an environment": job(f"repo:{REPOSITORY}:ref:refs/heads/main"),
    "another branch": job(f"repo:{REPOSITORY}:ref:refs/heads/environment:prod"),
    "a tag": job(f"repo:{REPOSITORY}:ref:refs/tags/prod"),
    "a pull request": job(f"repo:{REPOSITORY}:pull_request"),
    "a star": job(f"repo:{REPOSITORY}:environment:*"),
    "a token for somebody else": of("prod") | {"aud": "https://github.com/octo-org"},
    "another issuer": of("prod") | {"iss": "https://token.actions.example.com"},
    "nothing": job(""),
}


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("name", OWN)
def test_nobody_else_gets_a_role(name, who):
    assert not admits(policies()[name], STRANGERS[who])


def test_a_repository_from_before_the_numbers_is_trusted_by_its_name():
    (found,) = [
        trusted(settings(repository="octo-org/flights"), role)
        for role in by_name().values()
        if role.name == "promote-prod"
    ]
    assert admits(found, of("prod", "octo-org/flights"))
    assert not admits(found, of("prod"))


def test_no_policy_has_a_pattern():
    for document in policies().values():
        assert "*" not in document
        assert "StringLike" not in document


def test_the_provider_is_of_the_accounts_partition():
    assert trust.provider_arn(Place("123456789012", "cn-north-1")).startswith("arn:aws-cn:iam::123456789012:")
    assert len(PROJECT.stages) == 3
