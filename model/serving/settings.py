"""The environment variables that the server reads, as values. It reads no file and no argument.

Names and defaults are SageMaker's; `SLIPWAY_BIND_HOST` is the only one of our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.serving.errors import SettingsError

REAL_TIME_MEGABYTES = 6
BATCH_MEGABYTES = 100
MAX_WORKERS = 256


@dataclass(frozen=True)
class Settings:
    """How to serve. `max_body` is in bytes; port 0 takes a free one."""

    host: str
    port: int
    model_dir: Path
    workers: int
    max_body: int


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`, or SettingsError that names the variable.

    SageMaker sets SAGEMAKER_BIND_TO_PORT where 8080 is taken, and SAGEMAKER_MAX_PAYLOAD_IN_MB (at most 100)
    for batch transform; a real-time request is at most 6 MB.
    """
    megabytes = _whole(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", REAL_TIME_MEGABYTES, 0, BATCH_MEGABYTES)
    return Settings(
        host=environment.get("SLIPWAY_BIND_HOST") or "0.0.0.0",  # noqa: S104 - SageMaker requires it
        port=_whole(environment, "SAGEMAKER_BIND_TO_PORT", 8080, 0, 65535),
        model_dir=Path(environment.get("SM_MODEL_DIR") or "/opt/ml/model"),
        workers=_whole(environment, "SAGEMAKER_MODEL_SERVER_WORKERS", 1, 1, MAX_WORKERS),
        # 0 is SageMaker's "no limit"; a limit there has to be.
        max_body=(megabytes or BATCH_MEGABYTES) * 1024 * 1024,
    )


def _whole(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    given = environment.get(name) or str(default)
    if given.isascii() and given.isdigit() and low <= int(given[:9]) <= high and len(given) <= 9:
        return int(given)
    raise SettingsError(
        f"{name} is {given[:40]!r}, and has to be a whole number from {low} to {high}.",
        "The server did not start.",
        f"Set it to such a number, or unset it for {default}.",
    )
