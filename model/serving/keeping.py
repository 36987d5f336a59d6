"""What a container was asked to keep, as SLIPWAY_CAPTURE says it."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from model.serving.errors import SettingsError

VARIABLE = "SLIPWAY_CAPTURE"
BATCH = "SAGEMAKER_BATCH"
"""SageMaker sets it in the containers of a transform job: nobody's requests are answered there."""

_Uri = Annotated[str, msgspec.Meta(pattern=r"^s3://[a-z0-9.-]+/.+[^/]$")]


class Keeping(msgspec.Struct, frozen=True):
    """How much is kept and where: `folder` and `secret` are `s3://` URIs."""

    folder: _Uri
    secret: _Uri
    """Where the key lies by which sensitive values are hashed."""
    percent: Annotated[float, msgspec.Meta(gt=0, le=100)] = 100.0
    inputs: bool = True
    key: str = ""
    """The ARN of the KMS key for what is kept; without one as the bucket says."""


def parse(environment: Mapping[str, str]) -> Keeping | None:
    """What the environment asks for, None for nothing. Raises SettingsError that names the variable."""
    given = environment.get(VARIABLE)
    if not given or environment.get(BATCH) == "true":
        return None
    try:
        return msgspec.json.decode(given, type=Keeping)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise SettingsError(
            f"{VARIABLE} does not say what to keep: {error}.",
            "The server did not start.",
            "Have Slipway set it (`capture` of the endpoint), or unset it.",
        ) from error


def parts(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
