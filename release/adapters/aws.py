"""The AWS clients of one stage: the right account, bounded waits, standard retries.

Where AWS is (the cloud, the sandbox) is decided by the standard variables alone.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions
from botocore.config import Config

from release.adapters import ci
from release.adapters.patience import Patience
from release.domain.errors import ServiceError, SlipwayError, UsageError

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=70,  # SageMaker ends an invocation after 60 s
    retries={"mode": "standard", "max_attempts": 4},
    user_agent_extra="slipway",
)

IMPATIENT = {"sagemaker-runtime", "logs", "cloudwatch", "service-quotas"}
"""Services whose faults callers want to know of at once.

An invocation is asked again or counted, evidence that cannot be read holds a rollout, and a quota that nobody
tells is passed over.
"""
PATIENCE = Patience()

_CLOCK = re.compile(
    r"RequestTimeTooSkewed|RequestInTheFuture|Signature expired|Signature not yet current|"
    r"RequestExpired|Date in the future"
)
"""How AWS's services say that a signature's time is not theirs: each protocol has its own words."""
_TOLERATED_MINUTES = 4.5
"""Less cannot be why AWS refused: it tolerates five minutes, and S3 fifteen."""


@dataclass(frozen=True)
class StageAws:
    """Access to the AWS account of `stage`."""

    stage: str
    account: str
    region: str
    profile: str | None = None

    def client(self, service: str) -> Any:
        """The boto3 client of `service`, made once."""
        return _client(service, self.region, self.profile)

    @property
    def session(self) -> boto3.Session:
        """The session of all clients."""
        return _session(self.region, self.profile)

    @property
    def on_loopback(self) -> bool:
        """Whether this AWS is a local one."""
        return is_loopback(self.client("sagemaker").meta.endpoint_url)

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """GetCallerIdentity's answer: `Account` and `Arn` of the credentials, as AWS knows them."""
        return self.client("sts").get_caller_identity()

    def check_account(self) -> None:
        """Raises UsageError when the credentials are for another account than the stage's data names."""
        found = self.identity["Account"]
        if found != self.account:
            raise UsageError(
                f"The credentials are for account {found}, stage {self.stage} is account {self.account}.",
                "Nothing was read or changed in either.",
                f"Use credentials of {self.account}, or correct slipway:account in Pulumi.{self.stage}.yaml.",
            )


@cache
def _session(region: str, profile: str | None) -> boto3.Session:
    return boto3.Session(region_name=region, profile_name=profile)


@cache
def _client(service: str, region: str, profile: str | None) -> Any:
    client = _session(region, profile).client(service, config=_CONFIG)
    if service not in IMPATIENT:
        client._make_api_call = PATIENCE.of(client._make_api_call)
    return client


_EXPIRED = (
    exceptions.UnauthorizedSSOTokenError,
    exceptions.SSOTokenLoadError,
    exceptions.TokenRetrievalError,
)
_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException"})
"""What AWS's services say of a session that is over."""

MISSING = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})
"""S3's codes for what is not there."""


def bucket_exists(s3: Any, bucket: str) -> bool:
    """Whether a bucket is there. Raises boto3's errors."""
    try:
        s3.head_bucket(Bucket=bucket)
    except exceptions.ClientError as error:
        if error_code(error) in MISSING:
            return False
        raise
    return True


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine's loopback interface."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def error_code(error: Exception) -> str:
    """AWS's error code of a ClientError, or an empty text."""
    return getattr(error, "response", {}).get("Error", {}).get("Code", "")


def explained(error: Exception) -> SlipwayError | None:
    """What an error of boto3 means for whoever ran a command, None for errors of others."""
    missing = exceptions.NoCredentialsError | exceptions.PartialCredentialsError | exceptions.ProfileNotFound
    if isinstance(error, missing):
        return _of_a_fork(str(error)) or UsageError(
            f"No AWS credentials: {error}.",
            "Nothing was read or changed.",
            "Log in (aws sso login, AWS_PROFILE), or use the sandbox: "
            'eval "$(./slipway sandbox env)" after ./slipway sandbox up.',
        )
    if isinstance(error, _EXPIRED) or error_code(error) in _EXPIRED_CODES:
        return ServiceError(
            f"The AWS credentials have expired: {error}",
            "What was done before is recorded; nothing more was changed.",
            "Take new ones (aws sso login; in CI begin the job again, with a session of its role that "
            "outlasts a rollout), then run the same command again: it goes on from there.",
        )
    silent = (
        exceptions.EndpointConnectionError
        | exceptions.ConnectionError
        | exceptions.HTTPClientError
        | exceptions.IncompleteReadError
    )
    if isinstance(error, silent):
        return ServiceError(
            f"AWS does not answer: {error}",
            "What was done before is recorded; nothing more was changed.",
            "Check the network, or that the sandbox runs (./slipway sandbox status), then run it again.",
        )
    if isinstance(error, exceptions.ClientError):
        return _clocks_apart(error) or ServiceError(
            f"AWS refused: {error}",
            "What was done before is recorded; nothing more was changed.",
            "Correct the cause (permissions, quota, throttling), then run the same command again.",
        )
    return None


def _of_a_fork(error: str) -> UsageError | None:
    """What missing credentials mean in CI's run of a fork, which gets none; None elsewhere."""
    fork = ci.fork()
    if fork is None:
        return None
    return UsageError(
        f"This run is of the fork {fork}, which has none of the repository's secrets and AWS roles: {error}.",
        "It can reach no stage, so nothing was read or changed.",
        "Run checks alone for a fork (make lint, make test); stages are changed by runs of the repository "
        "itself, once its people have merged.",
    )


def _clocks_apart(error: exceptions.ClientError) -> ServiceError | None:
    """What an error means that comes of this machine's clock, None for every other."""
    answered = error.response.get("ResponseMetadata", {})
    minutes = _minutes_ahead(answered.get("HTTPHeaders", {}).get("date", ""))
    told = _CLOCK.search(str(error)) is not None
    refused = answered.get("HTTPStatusCode") == 403 and abs(minutes) >= _TOLERATED_MINUTES
    if not told and not refused:
        return None
    way = "ahead of" if minutes > 0 else "behind"
    apart = f"{abs(minutes):.0f} minutes {way} AWS's" if abs(minutes) >= 1 else "minutes off AWS's"
    return ServiceError(
        f"The clock of this machine is {apart}, so AWS refuses every signature: {error}",
        "What was done before is recorded; nothing more was changed.",
        "Set the clock (NTP; timedatectl says how it is set), then run the same command again.",
    )


def _minutes_ahead(date: str) -> float:
    """How far this machine's clock is ahead of the Date of an answer that has just come; 0 without one."""
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds() / 60
    except (TypeError, ValueError):
        return 0.0
