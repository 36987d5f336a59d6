"""The connection to AWS: settings of the provider, clients, tags, and AWS's errors as one readable line.

Everything that the standard AWS variables say (endpoint, credentials, region) is left to botocore.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.pulumi.provider.endpoint_wait import Wait
from sandbox.pulumi.provider.values import Properties

if TYPE_CHECKING:
    from botocore.client import BaseClient

_ATTEMPTS = 4
"""Requests per call. The real provider tries 25 times, which is minutes when the sandbox is down."""


class ProviderError(Exception):
    """An operation failed. The message is for the user: what failed, on which resource, and AWS's reason."""


@dataclass(frozen=True)
class Settings:
    """The provider's configuration: the `aws:` keys of a stage."""

    region: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    token: str | None = None
    allowed_accounts: tuple[str, ...] = ()
    forbidden_accounts: tuple[str, ...] = ()
    default_tags: Mapping[str, str] = field(default_factory=dict)
    skip_credentials_validation: bool = False
    path_style: bool = False
    endpoint_wait: Wait = Wait.RELEASED


class Aws:
    """Clients for one region, made on first use and shared by the threads of the server."""

    def __init__(self, settings: Settings, stopping: threading.Event) -> None:
        self.settings = settings
        self.stopping = stopping
        """Set when the operation under way must end: every wait looks at it."""
        self._session: Any = None
        self._clients: dict[tuple[str, str | None], BaseClient] = {}
        self._lock = threading.Lock()

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service, such as `sagemaker`, in `region` (default: the provider's)."""
        key = (service, region)
        with self._lock:
            # A botocore session is not safe to share while it makes a client.
            if key not in self._clients:
                self._clients[key] = self._make(service, region)
            return self._clients[key]

    @property
    def region(self) -> str:
        """The region in use."""
        return self.settings.region or self.client("sts").meta.region_name

    def all_tags(self, tags: object) -> dict[str, str]:
        """Return a resource's tags with the provider's default tags beneath them."""
        own = tags if isinstance(tags, dict) else {}
        return {**self.settings.default_tags, **{str(key): str(value) for key, value in own.items()}}

    def verify_account(self) -> None:
        """Ask STS whose credentials these are, and refuse an account that the stage does not allow.

        Raises ProviderError. This is what turns missing credentials, or those of another account, into
        one clear error before anything is changed.
        """
        settings = self.settings
        checked = settings.allowed_accounts or settings.forbidden_accounts
        if settings.skip_credentials_validation and not checked:
            return
        account = attempt("checking the AWS credentials", self.client("sts").get_caller_identity)["Account"]
        if settings.allowed_accounts and account not in settings.allowed_accounts:
            allowed = ", ".join(settings.allowed_accounts)
            raise ProviderError(
                f"AWS account ID not allowed: {account}. The stage's aws:allowedAccountIds is {allowed}. "
                "Use that account's credentials."
            )
        if account in settings.forbidden_accounts:
            raise ProviderError(f"AWS account ID not allowed: {account} is in aws:forbiddenAccountIds.")

    def _make(self, service: str, region: str | None) -> "BaseClient":
        from botocore.config import Config
        from botocore.session import Session

        settings = self.settings
        if self._session is None:
            self._session = Session(profile=settings.profile)
        config = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3={"addressing_style": "path"} if settings.path_style else None,
            max_pool_connections=32,
        )
        return self._session.create_client(
            service,
            region_name=region or settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            aws_session_token=settings.token,
            config=config,
        )


def attempt(doing: str, call: Callable[..., Any], **parameters: Any) -> Any:
    """Call AWS; on failure raise ProviderError "<doing>: <AWS's code>: <message>".

    `doing` says what is under way and on what, such as `creating SageMaker Model (delays-dev-1)`.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**parameters)
    except ClientError as error:
        raise ProviderError(f"{doing}: {describe(error)}") from error
    except BotoCoreError as error:
        raise ProviderError(f"{doing}: {_advise(error)}") from error


def find(doing: str, missing: tuple[str, ...], call: Callable[..., Any], **parameters: Any) -> Any | None:
    """Call AWS to read something; return None when the error is one of the codes in `missing`.

    A code may be followed by words that the message must hold: `ValidationException:Could not find`.
    Other failures raise ProviderError, as in `attempt`.
    """
    from botocore.exceptions import ClientError

    try:
        return attempt(doing, call, **parameters)
    except ProviderError as error:
        if isinstance(error.__cause__, ClientError) and _is_one_of(error.__cause__, missing):
            return None
        raise


def tag_list(tags: Mapping[str, str], prefix: str = "") -> list[dict[str, str]]:
    """Return tags as most services want them: `[{"Key": …, "Value": …}]`; KMS prefixes both with `Tag`."""
    return [{f"{prefix}Key": key, f"{prefix}Value": value} for key, value in tags.items()]


def tag_map(listed: Iterable[Mapping[str, str]]) -> Properties:
    """Return the tags of a list as AWS answers it."""
    return {tag["Key"]: tag["Value"] for tag in listed}


def describe(error: Any) -> str:
    """Return one line for a botocore ClientError: code, message, operation and HTTP status."""
    answer = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
    code, message = answer.get("Code", "Unknown"), answer.get("Message", "no message")
    return f"{code}: {message} ({error.operation_name}, HTTP {status})"


def _is_one_of(error: Any, missing: tuple[str, ...]) -> bool:
    answer = error.response.get("Error", {})
    for item in missing:
        code, _, words = item.partition(":")
        if answer.get("Code") == code and words.lower() in answer.get("Message", "").lower():
            return True
    return False


def _advise(error: Exception) -> str:
    from botocore import exceptions

    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return (
            "no AWS credentials were found. Sign in to AWS, or load the sandbox's variables "
            '(`eval "$(./slipway sandbox env)"`).'
        )
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectionClosedError):
        return f"{error} If this is the sandbox, start it again with `./slipway sandbox up`."
    return f"{type(error).__name__}: {error}"
