"""Whom the roles trust: jobs of one repository in named environments of GitHub's. Pure.

GitHub signs for each job who it is; for a job with an `environment:` its subject is the repository and that
environment ("OpenID Connect reference" in GitHub's documentation). Repositories since July 2026 have their
owner's and their own number in it ("Immutable subject claims" there), so that a name that somebody else takes
later is another subject. Which branches, and whose approval, an environment needs is set on GitHub. A job
without an environment, of a pull request, a branch or a fork, has another subject, and no role trusts it.
"""

from collections.abc import Sequence

from infra import policies
from infra.arns import Place

ISSUER = "token.actions.githubusercontent.com"
URL = f"https://{ISSUER}"
AUDIENCE = "sts.amazonaws.com"


def provider_arn(place: Place) -> str:
    """ARN of the account's provider for GitHub: its name is the issuer's."""
    return place.iam(f"oidc-provider/{ISSUER}")


def subject(repository: str, environment: str) -> str:
    """What GitHub says a job of this environment is."""
    return f"repo:{repository}:environment:{environment}"


def document(place: Place, repository: str, environments: Sequence[str]) -> str:
    """The trust policy of a role for jobs in these environments. Every value is compared whole."""
    return policies.document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn(place)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": AUDIENCE,
                    f"{ISSUER}:sub": [subject(repository, environment) for environment in environments],
                }
            },
        }
    )
