"""Joins monitoring to the real world: the one place of it that knows the adapters. Commands get it here.

What reads tables and reaches AWS is loaded by whoever asks for it.
"""

from typing import TYPE_CHECKING

from release.domain import names

if TYPE_CHECKING:
    from monitoring.ports import CapturedHours
    from release.ports import StagePorts


def captured(ports: "StagePorts", endpoint: str) -> "CapturedHours":
    """The captured records of one of a stage's endpoints."""
    from monitoring.storage.captured import CapturedRecords
    from release.adapters.aws import StageAws

    settings = ports.settings
    aws = StageAws(settings.stage, settings.account, settings.region, settings.profile)
    in_sagemaker = names.endpoint(endpoint, settings.stage)
    return CapturedRecords(aws.client("s3"), ports.artifacts, endpoint, in_sagemaker)
