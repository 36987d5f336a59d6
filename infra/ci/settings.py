"""The settings of a CI stack, from the `config` of `infra/ci/Pulumi.<stack>.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from release.domain import nearby
from release.domain.errors import UsageError
from release.domain.pins import Data
from release.domain.stage import AccountId, PolicyArn, Region

NAMESPACE = "slipway-ci"
_ROLE = r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$"
_KEY = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[a-zA-Z0-9-]+$"
_REPOSITORY = (
    r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$|^[A-Za-z0-9][A-Za-z0-9-]*@[0-9]+/[A-Za-z0-9._-]+@[0-9]+$"
)
_SCHEDULE = r"^(rate|cron)\([a-zA-Z0-9 ,?*/#-]+\)$"

EXAMPLES = {
    "account": 'slipway-ci:account: "123456789012"',
    "region": "aws:region: us-east-1",
    "repository": "slipway-ci:repository: your-organization@123456/your-repository@456789",
    "retrain_schedule": 'slipway-ci:retrain_schedule: "cron(0 6 ? * MON *)"',
}
"""What to paste for a key that is missing or wrong."""


class CiSettings(Data):
    """Everything the data of a CI stack says."""

    account: AccountId
    """The AWS account, in quotes; the roles are for those of the project's stages that are in it."""
    region: Region
    """Where events are listened to; roles have no region."""
    repository: Annotated[str, StringConstraints(pattern=_REPOSITORY)]
    """The repository whose workflows alone are trusted, as GitHub says it to AWS: `OWNER@123456/NAME@456789`,
    or `OWNER/NAME` of one from before July 2026 that has not changed to ids."""
    provider_exists: bool = False
    """The account trusts GitHub already: it has one provider for it, which something else has made."""
    permissions_boundary: PolicyArn | None = None
    """ARN of the policy that bounds every role, where an organisation allows none without one."""
    session_seconds: Annotated[int, Field(ge=3600, le=43_200)] = 3600
    """How long a job that brings a release has its role at most; it asks for it by `role-duration-seconds`.

    A rollout that is watched for longer stops where it stands, and the same job, run again, goes on.
    """
    state_bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = (
        None
    )
    """The bucket of Pulumi's state, where it is in S3: those who run Pulumi may read it, or write it too."""
    state_key: Annotated[str, StringConstraints(pattern=_KEY)] | None = None
    """ARN of the KMS key that encrypts that bucket, or the stacks' secrets."""
    retrain_schedule: Annotated[str, StringConstraints(pattern=_SCHEDULE)] | None = None
    """When a retrain is asked for, as EventBridge writes it: `rate(7 days)`, `cron(0 6 ? * MON *)`; UTC."""
    events_to: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:\S+$")] | None = None
    """ARN of what gets the events: a queue, a function, an API destination; else a topic of this stack's."""
    events_role: Annotated[str, StringConstraints(pattern=_ROLE)] | None = None
    """ARN of the role with which EventBridge calls that, where its kind needs one."""
    project: str = "../.."
    """The folder with the stages' files, from here."""


def parse(stack: str, config: Mapping[str, Any]) -> CiSettings:
    """Settings from a stack's config (`namespace:key` to value).

    Raises UsageError that names each wrong key and the YAML to paste.
    """
    values: dict[str, Any] = {}
    for key, value in config.items():
        namespace, _, name = key.partition(":")
        if namespace == NAMESPACE:
            values[name] = {"true": True, "false": False}.get(value, value) if name in _BOOLEANS else value
        elif key == "aws:region":
            values["region"] = value
    try:
        return CiSettings.model_validate(values)
    except ValidationError as error:
        raise _explained(stack, error) from None


_BOOLEANS = tuple(name for name, field in CiSettings.model_fields.items() if field.annotation is bool)


def _explained(stack: str, error: ValidationError) -> UsageError:
    lines = []
    for found in error.errors():
        name = str(found["loc"][0])
        key = "aws:region" if name == "region" else f"{NAMESPACE}:{name}"
        lines.append(f"{key}: {nearby.wrong(CiSettings, found)}")
    pasted = [EXAMPLES[str(e["loc"][0])] for e in error.errors() if str(e["loc"][0]) in EXAMPLES]
    return UsageError(
        f"infra/ci/Pulumi.{stack}.yaml is not valid: {'; '.join(lines)}",
        "No role was made or changed.",
        "Correct it" + (", for example:\n" + "\n".join(pasted) if pasted else "."),
    )
