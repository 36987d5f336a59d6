"""Joins monitoring to the real world: the one place of it that knows the adapters. Commands get it here.

What reaches AWS is loaded by whoever asks for it.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.experiments.reading import Line
    from release.ports import StagePorts


def told(ports: "StagePorts") -> "Callable[[str], Iterator[Line]]":
    """Reads the lines of files that callers left, in a folder or in S3 by the stage's credentials."""
    from monitoring.storage.told import Told
    from release.adapters.aws import StageAws

    settings = ports.settings
    aws = StageAws(settings.stage, settings.account, settings.region, settings.profile)
    return Told(aws.client("s3")).lines
