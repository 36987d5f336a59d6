"""Joins monitoring to the real world: the one place of it that knows the adapters. Commands get it here.

What reads tables and reaches AWS is loaded by whoever asks for it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.operations.truth import Sources
    from release.ports import StagePorts


def truth(ports: "StagePorts", endpoint: str) -> "Sources":
    """The captured rows and the truth of one of a stage's endpoints."""
    from monitoring.operations.truth import Sources
    from monitoring.storage.answered import AnsweredTables
    from monitoring.storage.quality_book import QualityBook
    from monitoring.storage.truth import TruthFolder
    from release.adapters.artifacts import ArtifactStore
    from release.adapters.aws import StageAws

    settings = ports.settings
    aws = StageAws(settings.stage, settings.account, settings.region, settings.profile)
    bucket, s3 = ArtifactStore(aws).bucket, aws.client("s3")
    uri = settings.endpoints[endpoint].monitoring.quality.truth or ""
    return Sources(
        AnsweredTables(s3, bucket, endpoint), TruthFolder(s3, uri), QualityBook(s3, bucket, endpoint)
    )
