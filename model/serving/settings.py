"""The environment variables that the server reads, as values. It reads no file and no argument.

Names and defaults are SageMaker's; those of our own begin with `SLIPWAY_`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.serving.errors import SettingsError
from model.serving.fetching import Source, source
from model.serving.keeping import Keeping, parse

REAL_TIME_MEGABYTES = 6
BATCH_MEGABYTES = 100
MAX_WORKERS = 256
WINDOW_SECONDS = 5
"""The judge of a release compares blocks of this length."""
LONGEST_WINDOW_SECONDS = 60
_NAME = re.compile(r"[A-Za-z0-9-]{0,63}")


@dataclass(frozen=True)
class Settings:
    """How to serve. `max_body` is in bytes; port 0 takes a free one.

    `endpoint` and `variant` are empty where nobody told the container where it runs.
    """

    host: str
    port: int
    model_dir: Path
    workers: int
    max_body: int
    telemetry_seconds: int = WINDOW_SECONDS
    endpoint: str = ""
    variant: str = ""
    unnamed: bool = True
    """Whether rows without names are taken, their values in the schema's order."""
    keeping: Keeping | None = None
    """What is kept of requests and answers; None for nothing."""
    artifact: Source | None = None
    """What is fetched into `model_dir` before serving; None where it is there already."""


def from_environment(environment: Mapping[str, str], processors: int = 1) -> Settings:
    """The settings in `environment`, or SettingsError that names the variable.

    Without a number of workers there is one for each of the `processors`: a worker computes on one.
    SageMaker sets SAGEMAKER_BIND_TO_PORT where 8080 is taken, and SAGEMAKER_MAX_PAYLOAD_IN_MB (at most 100)
    for batch transform; a real-time request is at most 6 MB.
    """
    megabytes = _whole(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", REAL_TIME_MEGABYTES, 0, BATCH_MEGABYTES)
    return Settings(
        host=environment.get("SLIPWAY_BIND_HOST") or "0.0.0.0",  # noqa: S104 - SageMaker requires it
        port=_whole(environment, "SAGEMAKER_BIND_TO_PORT", 8080, 0, 65535),
        model_dir=Path(environment.get("SM_MODEL_DIR") or "/opt/ml/model"),
        workers=_whole(
            environment, "SAGEMAKER_MODEL_SERVER_WORKERS", min(processors, MAX_WORKERS), 1, MAX_WORKERS
        ),
        # 0 is SageMaker's "no limit"; a limit there has to be.
        max_body=(megabytes or BATCH_MEGABYTES) * 1024 * 1024,
        telemetry_seconds=_whole(
            environment, "SLIPWAY_TELEMETRY_SECONDS", WINDOW_SECONDS, 1, LONGEST_WINDOW_SECONDS
        ),
        endpoint=_name(environment, "SLIPWAY_ENDPOINT"),
        variant=_name(environment, "SLIPWAY_VARIANT"),
        unnamed=_choice(environment, "SLIPWAY_ROWS_WITHOUT_NAMES", "accept", "refuse") == "accept",
        keeping=parse(environment),
        artifact=source(environment),
    )


def _name(environment: Mapping[str, str], variable: str) -> str:
    given = environment.get(variable, "")
    if _NAME.fullmatch(given):
        return given
    raise SettingsError(
        f"{variable} is {given[:80]!r}, and has to be at most 63 letters, digits and hyphens.",
        "The server did not start.",
        "Set it to such a name, or unset it.",
    )


def _choice(environment: Mapping[str, str], name: str, default: str, other: str) -> str:
    given = environment.get(name) or default
    if given in (default, other):
        return given
    raise SettingsError(
        f"{name} is {given[:40]!r}, and can be {default} or {other}.",
        "The server did not start.",
        f"Set it to one of them, or unset it for {default}.",
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
