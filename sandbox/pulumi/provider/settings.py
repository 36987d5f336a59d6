"""The provider's configuration (`aws:region` and the like), from what the engine sends. Pure functions."""

import json
from collections.abc import Mapping

from sandbox.pulumi.provider import endpoint_wait
from sandbox.pulumi.provider.aws import Settings
from sandbox.pulumi.provider.values import Properties, Value

_KNOWN = frozenset(
    {
        "accessKey",
        "allowedAccountIds",
        "defaultTags",
        "forbiddenAccountIds",
        "profile",
        "region",
        "s3UsePathStyle",
        "secretKey",
        "skipCredentialsValidation",
        "token",
        "version",
    }
)
_WITHOUT_EFFECT = frozenset(
    # Each turns off a step of the real provider that this one does not have.
    {"maxRetries", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"}
)


def check_settings(sent: Properties) -> list[tuple[str, str]]:
    """Return (setting, reason) for each setting, and each value of its variable, that is not known."""
    try:
        endpoint_wait.chosen()
    except ValueError as error:
        return [("region", f"{endpoint_wait.VARIABLE}: {error}; there are released and checking")]
    return [
        (name, f"the sandbox's AWS provider does not know the setting aws:{name}")
        for name in sent
        if name not in _KNOWN | _WITHOUT_EFFECT and not name.startswith("__")
    ]


def parse_settings(sent: Properties) -> Settings:
    """Return the settings. The engine sends those that are not strings as JSON text."""
    values = {name: _decoded(name, value) for name, value in sent.items()}
    return Settings(
        region=_text(values.get("region")),
        profile=_text(values.get("profile")),
        access_key=_text(values.get("accessKey")),
        secret_key=_text(values.get("secretKey")),
        token=_text(values.get("token")),
        allowed_accounts=_texts(values.get("allowedAccountIds")),
        forbidden_accounts=_texts(values.get("forbiddenAccountIds")),
        default_tags=_default_tags(values.get("defaultTags")),
        skip_credentials_validation=values.get("skipCredentialsValidation") is True,
        path_style=values.get("s3UsePathStyle") is True,
        endpoint_wait=endpoint_wait.chosen(),
    )


def _decoded(name: str, value: Value) -> Value:
    if name in {"region", "profile", "accessKey", "secretKey", "token", "version"} or not isinstance(
        value, str
    ):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _text(value: Value) -> str | None:
    return str(value) if value else None


def _texts(value: Value) -> tuple[str, ...]:
    # An account id written without quotes arrives as a number that has lost its leading zeros.
    return tuple(str(item).zfill(12) for item in value) if isinstance(value, list) else ()


def _default_tags(value: Value) -> Mapping[str, str]:
    tags = value.get("tags") if isinstance(value, dict) else None
    return {key: str(item) for key, item in tags.items()} if isinstance(tags, dict) else {}
